// What /ui/data answers for a time series, and how its numbers are put on an axis and into the legend.

import { type Unit } from './format';

export interface Series {
  name: string;
  /** A token: `s3`, `error`, `text-2`. */
  color: string;
  draw: 'line' | 'bars' | 'area' | 'points';
  dash?: boolean;
  values: (number | null)[];
  /** Its own unit, on an axis at the right; absent for the chart's. */
  unit?: Unit;
}

export interface Mark {
  atMs: number;
  /** On the flag. */
  text: string;
  /** The whole sentence. */
  detail: string;
  kind: 'deploy' | 'restart';
}

export interface ChartData {
  unit: Unit;
  fromMs: number;
  toMs: number;
  stepMs: number;
  times: number[];
  series: Series[];
  stacked: boolean;
  /** What the chart says in a sentence; its accessible name. */
  summary: string;
  /** Events to mark, such as a new version. */
  marks: Mark[];
  /** Where a click on a moment leads; `{from}` and `{to}` stand for it. Absent when nowhere. */
  behind?: string;
}

/** Steps of a duration axis, in nanoseconds: 1, 2, 5 by decades to a second, then by the clock. */
export const durationSteps = [
  ...[3, 4, 5, 6, 7, 8].flatMap(e => [1, 2, 5].map(m => m * 10 ** e)),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map(s => s * 1e9),
];

/** Things that are counted have no halves. */
export const countSteps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].flatMap(e => [1, 2, 5].map(m => m * 10 ** e));

/** What stands in the legend: of counts their sum, of rates their mean, else the last value. */
export function legendFigure(values: (number | null)[], unit: Unit): [number | null, string] {
  const known = values.filter((v): v is number => v !== null);
  if (known.length === 0) return [null, ''];
  const sum = known.reduce((a, b) => a + b, 0);
  return unit === 'count' ? [sum, 'sum'] : unit === 'rate' ? [sum / known.length, 'mean'] : [last(values), 'last'];
}

function last(values: (number | null)[]): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i]!;
  return null;
}
