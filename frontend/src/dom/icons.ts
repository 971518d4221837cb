/** Icons as 16 × 16 strokes in the text's colour. */
import { svg } from "./element";

const PATHS = {
  pan: "M8 1.5v13M1.5 8h13M6 3.5l2-2 2 2M6 12.5l2 2 2-2M3.5 6l-2 2 2 2M12.5 6l2 2-2 2",
  box: "M2.5 2.5h2M7 2.5h2M11.5 2.5h2v2M13.5 7v2M13.5 11.5v2h-2M9 13.5H7M4.5 13.5h-2v-2M2.5 9V7M2.5 4.5v-2",
  lasso:
    "M5 10.6C2.900 10 1.800 8.700 1.800 7.100 1.800 4.500 4.600 2.500 8.100 2.500s6.100 2 6.100 4.500-2.700 4.300-6.200 4.300c-.5 0-1 0-1.500-.1M5.200 12.300a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM5.200 12.300c0 1-.6 1.700-1.700 2.200",
  // Points within a frame: bare corners would promise a full screen.
  fit: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3M5.2 9.8a0.6 0.6 0 1 0 1.2 0 0.6 0.6 0 1 0-1.2 0ZM7.2 6.2a0.6 0.6 0 1 0 1.2 0 0.6 0.6 0 1 0-1.2 0ZM9.6 8.6a0.6 0.6 0 1 0 1.2 0 0.6 0.6 0 1 0-1.2 0Z",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "ae-icon" },
    svg("path", { d: PATHS[name] }),
  );
}
