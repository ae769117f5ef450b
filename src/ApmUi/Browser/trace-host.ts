// Where the islands of a trace get their data from and tell what was chosen: the server, or the file that they are saved in.

import { go, urlWith } from './nav';
import type { Skeleton } from './skeleton';

export interface TraceHost {
  /** Null when a newer request took over. */
  load(fetchJson: (src: string) => Promise<Skeleton | null>, src: string): Promise<Skeleton | null>;
  /** Places of the spans that hold a text, in names and attributes. */
  find(src: string, text: string, signal: AbortSignal): Promise<number[]>;
  /** Changes what the address says: the chosen span, the zoom, the text that is looked for. */
  show(changes: Record<string, string | number | null>, replace: boolean): void;
}

const server: TraceHost = {
  load: (fetchJson, src) => fetchJson(src),
  async find(src, text, signal) {
    const url = new URL(src, location.href);
    url.pathname += '/find';
    url.searchParams.delete('lanes');
    url.searchParams.set('text', text);
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json() as { indexes: number[] }).indexes;
  },
  show: (changes, replace) => go(urlWith(changes), replace),
};

let host = server;
export const traceHost = () => host;
export function setTraceHost(other: TraceHost): void { host = other; }
