// A trace as /ui/data/trace sends it: columns with a string table; spans in tree order, so a parent stands before its children.

export interface Skeleton {
  count: number;
  strings: string[];
  service: number[];
  name: number[];
  resource: number[];
  host: number[];
  /** Index of the parent; −1 for a root. */
  parent: number[];
  /** Whole µs since the trace's start. */
  start: number[];
  dur: number[];
  self: number[];
  flags: number[];
  totalUs: number;
  /** String index of a service → its colour token. */
  colors: Record<string, string>;
  /** Pairs: span, at µs. */
  events: number[];
  /** Row in the flame graph; only there. */
  lane?: number[];
}

export const isError = (data: Skeleton, i: number) => (data.flags[i]! & 1) !== 0;
export const isOrphan = (data: Skeleton, i: number) => (data.flags[i]! & 2) !== 0;
export const isCritical = (data: Skeleton, i: number) => (data.flags[i]! & 4) !== 0;
/** One of calls that a request repeats: the N+1. */
export const isRepeated = (data: Skeleton, i: number) => (data.flags[i]! & 8) !== 0;

export const endOf = (data: Skeleton, i: number) => data.start[i]! + data.dur[i]!;
export const serviceOf = (data: Skeleton, i: number) => data.strings[data.service[i]!] ?? '';
export const colorOf = (data: Skeleton, i: number) => data.colors[data.service[i]!] ?? 's9';

/** What a span is called: its resource, else its operation. */
export function titleOf(data: Skeleton, i: number): string {
  const resource = data.strings[data.resource[i]!] ?? '';
  return resource === '' ? data.strings[data.name[i]!] ?? '' : resource;
}
