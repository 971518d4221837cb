/** Motion between two states. */

/** How long positions and axes take to reach a new frame, in milliseconds. */
export const EASE_MS = 250;

/** Above this many points a frame is shown at once: drawing it often would cost more. */
export const EASE_LIMIT = 200_000;

/** Fast at first, slow at the end, so that a new target never starts from a stop. */
export function easeOut(t: number): number {
  const clamped = Math.min(Math.max(t, 0), 1);
  return 1 - (1 - clamped) ** 3;
}

/** Write `from + (to - from) * t` into `out`. */
export function mixArrays(
  from: Float32Array,
  to: Float32Array,
  t: number,
  out: Float32Array,
): void {
  for (let i = 0; i < out.length; i++) {
    const a = from[i] as number;
    out[i] = a + ((to[i] as number) - a) * t;
  }
}

/** How far one motion has come; at rest until it is begun. */
export class Motion {
  private started = Number.NEGATIVE_INFINITY;

  begin(now: number): void {
    this.started = now;
  }

  end(): void {
    this.started = Number.NEGATIVE_INFINITY;
  }

  /** From 0 at the beginning to 1 at rest. */
  progress(now: number): number {
    return easeOut((now - this.started) / EASE_MS);
  }

  running(now: number): boolean {
    return now - this.started < EASE_MS;
  }
}
