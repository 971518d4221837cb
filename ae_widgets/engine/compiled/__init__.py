"""Steps whose gradients are written out: the networks of a run in loops without the interpreter.

A step (`dense_step`, `product_step`, `convolutional_step`, `sparse_step`) knows torch and the
objective, and gives the autograd step's gradients to float32 accuracy. Its loop is compiled, and
works on one vector of all parameters. `ae_widgets.engine.choice` says which step a run takes.
"""
