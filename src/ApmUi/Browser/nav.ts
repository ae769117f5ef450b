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

/** Shows another range of time on the whole page. Milliseconds since the epoch; at least a second. */
export function showRange(fromMs: number, toMs: number): void {
  const from = Math.floor(Math.min(fromMs, toMs));
  const to = Math.max(from + 1000, Math.ceil(Math.max(fromMs, toMs)));
  go(urlWith({ from, to }));
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
