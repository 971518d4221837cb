/** A model that anywidget has given up is brought back: of a page that is busy for long. */
import type { AnyModel } from "@anywidget/types";

/** What there is of a model behind the one that anywidget hands out. */
export interface Behind {
  comm?: {
    on_msg(handle: (message: unknown) => unknown): void;
    send(data: object, callbacks: object, metadata: object, buffers: unknown[]): void;
  };
  callbacks(): object;
  _handle_comm_msg(message: unknown): Promise<unknown>;
}

const NOTHING = { content: { data: { method: "" } } };

/**
 * Have a model take messages though its code was not loaded within the two seconds that
 * anywidget gives it, after which it refuses every one for good (AnyModel._handle_comm_msg).
 *
 * To be called when a model is initialised: its code is there now, and nothing to wait for.
 * Messages that were refused until then are made up for by asking for the whole state.
 */
export async function revive<T extends object>(model: AnyModel<T>): Promise<void> {
  const id = (model as AnyModel<{ own_id: string }>).get("own_id");
  const own = (await model.widget_manager.get_model(id)) as unknown as Behind;
  const { comm } = own;
  if (!comm) return; // a page that was saved, without a kernel
  try {
    await own._handle_comm_msg(NOTHING);
  } catch {
    const base = Object.getPrototypeOf(Object.getPrototypeOf(own)) as Behind;
    comm.on_msg((message) => base._handle_comm_msg.call(own, message));
    comm.send({ method: "request_state" }, own.callbacks(), {}, []);
  }
}
