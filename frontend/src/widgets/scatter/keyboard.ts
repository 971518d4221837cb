/** Everything the plot does, by keys. */

export interface KeyTarget {
  panBy(dx: number, dy: number): void;
  zoomCentre(factor: number): void;
  fit(): void;
  /** Move the focus to the next or the previous item. */
  walk(step: 1 | -1): void;
  pin(): void;
  clear(): void;
}

const PAN_PX = 40;
const ZOOM = 1.25;

/** Act on a key; tells whether it meant something here. */
export function handleKey(event: KeyboardEvent, target: KeyTarget): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const actions: Record<string, () => void> = {
    ArrowLeft: () => target.panBy(PAN_PX, 0),
    ArrowRight: () => target.panBy(-PAN_PX, 0),
    ArrowUp: () => target.panBy(0, PAN_PX),
    ArrowDown: () => target.panBy(0, -PAN_PX),
    "+": () => target.zoomCentre(ZOOM),
    "=": () => target.zoomCentre(ZOOM),
    "-": () => target.zoomCentre(1 / ZOOM),
    "0": () => target.fit(),
    n: () => target.walk(1),
    p: () => target.walk(-1),
    Enter: () => target.pin(),
    Escape: () => target.clear(),
  };
  const act = actions[event.key];
  act?.();
  return act !== undefined;
}
