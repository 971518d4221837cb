/** Find the tooltip of a field by its labels, or by its class names. */
export function tipOf(
  tips: Readonly<Record<string, string>>,
  labels: readonly string[],
  classes: readonly string[],
): string | undefined {
  const name = [...labels.map((label) => label.trim()), ...classes].find((key) => key in tips);
  return name === undefined ? undefined : tips[name];
}
