// Colours for canvases, read from the tokens; and the moment when they change.

const changed = new Set<() => void>();

/** A token's colour now: `color('s3')`, `color('line')`. */
export function color(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue('--' + token).trim();
}

/** Calls back when the theme changes, by whatever way. Returns the undo. */
export function onTheme(callback: () => void): () => void {
  changed.add(callback);
  return () => changed.delete(callback);
}

function tell(): void {
  for (const callback of changed) callback();
}

new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ['data-theme'] });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell);
