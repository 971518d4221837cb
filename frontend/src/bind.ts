/**
 * The only place that listens to a model: every subscription made here is
 * undone by the function it returns.
 */
import type { AnyModel } from "@anywidget/types";

/** What a widget does when one of its traits changed. */
export type TraitHandlers<T> = { [K in keyof T]?: () => void };

/**
 * Call a handler whenever its trait changes.
 *
 * @returns a function that removes all of the handlers again
 */
export function bind<T extends object>(model: AnyModel<T>, handlers: TraitHandlers<T>): () => void {
  const bound = Object.entries(handlers) as [string, () => void][];
  for (const [trait, handler] of bound) {
    model.on(`change:${trait}`, handler);
  }
  return () => {
    for (const [trait, handler] of bound) {
      model.off(`change:${trait}`, handler);
    }
  };
}
