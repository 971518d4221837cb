/** Calls that come more often than they should be made. */

export interface Throttled {
  /** Call now, or at the end of the interval that is running. */
  (): void;
  cancel(): void;
}

/** At most one call every `interval` milliseconds; the last one is never lost. */
export function throttle(interval: number, call: () => void): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting = false;
  const run = (): void => {
    waiting = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (waiting) run();
    }, interval);
    call();
  };
  const throttled = (): void => {
    if (timer === undefined) run();
    else waiting = true;
  };
  throttled.cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
    waiting = false;
  };
  return throttled;
}
