// The only place where a script changes the address (ui.md §1): an enhanced navigation where Blazor runs, a plain one where not.

interface BlazorApi {
  navigateTo(uri: string, options?: { replaceHistoryEntry?: boolean }): void;
  addEventListener(name: 'enhancedload' | 'enhancednavigationstart' | 'enhancednavigationend', callback: () => void): void;
}

declare global {
  interface Window { Blazor?: BlazorApi }
}

/** Goes to an address of ours. One gesture is one history entry; what only refines the last gesture replaces its entry. */
export function go(url: URL | string, replace = false): void {
  const text = url.toString();
  if (window.Blazor) window.Blazor.navigateTo(text, { replaceHistoryEntry: replace });
  else if (replace) location.replace(text);
  else location.assign(text);
}

/** The present address with some parameters changed; null removes one. */
export function urlWith(changes: Record<string, string | number | null>): URL {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(key);
    else url.searchParams.set(key, String(value));
  }
  return url;
}

/** A pointer that moved less than this, in CSS pixels, clicked; else it dragged. */
export const dragPx = 5;

interface Zoom { before: { from: string | null; to: string | null }; from: string; to: string }

/** Zooms that a gesture made since the page was loaded, the newest last. */
const zooms: Zoom[] = [];

/** Shows another range of time on the whole page. Milliseconds since the epoch; at least a second. */
export function showRange(fromMs: number, toMs: number): void {
  const from = Math.floor(Math.min(fromMs, toMs));
  const to = Math.max(from + 1000, Math.ceil(Math.max(fromMs, toMs)));
  const shown = new URL(location.href).searchParams;
  zooms.push({ before: { from: shown.get('from'), to: shown.get('to') }, from: String(from), to: String(to) });
  go(urlWith({ from, to }));
}

/** The range that is shown was made by a zoom of this page. */
export function isZoomed(): boolean {
  return lastZoom() >= 0;
}

/** Shows the range from which the last zoom came; nothing when no zoom made the present one. */
export function undoZoom(): void {
  const at = lastZoom();
  if (at < 0) return;
  const { before } = zooms[at]!;
  zooms.length = at;
  go(urlWith(before));
}

function lastZoom(): number {
  const shown = new URL(location.href).searchParams;
  return zooms.findLastIndex(zoom => zoom.from === shown.get('from') && zoom.to === shown.get('to'));
}

/** Asks the server for this very page again, without a history entry. */
export function refresh(): void {
  go(location.href, true);
}

/** Calls back after every enhanced navigation. */
export function onPage(callback: () => void): void {
  if (window.Blazor) window.Blazor.addEventListener('enhancedload', callback);
  else document.addEventListener('DOMContentLoaded', () => window.Blazor?.addEventListener('enhancedload', callback), { once: true });
}
