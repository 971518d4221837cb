/** A model without a kernel. */
import type { AnyModel } from "@anywidget/types";

export class FakeModel<T extends Record<string, unknown>> {
  readonly sent: unknown[] = [];
  private readonly handlers = new Map<string, Set<() => void>>();

  constructor(private readonly traits: T) {}

  get<K extends keyof T>(name: K): T[K] {
    return this.traits[name];
  }

  send(message: unknown): void {
    this.sent.push(message);
  }

  on(event: string, handler: () => void): void {
    const known = this.handlers.get(event) ?? new Set();
    this.handlers.set(event, known.add(handler));
  }

  off(event: string, handler: () => void): void {
    this.handlers.get(event)?.delete(handler);
  }

  /** Traits that come from Python. */
  receive(values: Partial<T>): void {
    Object.assign(this.traits, values);
    for (const name of Object.keys(values)) {
      for (const handler of this.handlers.get(`change:${name}`) ?? []) handler();
    }
  }

  typed(): AnyModel<T> {
    return this as unknown as AnyModel<T>;
  }
}
