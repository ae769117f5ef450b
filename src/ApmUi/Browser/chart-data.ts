// What /ui/data answers for a time series, and how its numbers are put on an axis and into the legend.

import { type Unit, figure } from './format';

export interface Series {
  name: string;
  /** A token: `s3`, `error`, `text-2`. */
  color: string;
  draw: 'line' | 'bars' | 'area' | 'points';
  dash?: boolean;
  values: (number | null)[];
  /** Its own unit, on an axis at the right; absent for the chart's. */
  unit?: Unit;
  /** Of a ratio: how many of how many, one per time. */
  parts?: number[];
  wholes?: number[];
  /** Seconds without a value over which its line goes on. */
  bridgedSeconds?: number;
  /** What is expected, one per time: a grey band. */
  lower?: (number | null)[];
  upper?: (number | null)[];
  /** Places of the values outside of it. */
  odd?: number[];
  width?: 'thin' | 'thick';
  /** Its value over the whole range. */
  overall?: number;
}

export interface Mark {
  atMs: number;
  /** On the flag. */
  text: string;
  /** The whole sentence. */
  detail: string;
  kind: 'deploy' | 'restart' | 'error' | 'warn' | 'ok' | 'info';
}

/** A line across a chart, or a band; an end that is absent is the plot's. */
export interface Level {
  from?: number;
  to?: number;
  color: string;
  text: string;
  dash: boolean;
}

/** A time on a ground of its own. */
export interface Shade {
  fromMs: number;
  toMs: number;
  color: string;
  text: string;
}

/** What every answer for a plot over time holds. */
export interface TimeData {
  fromMs: number;
  toMs: number;
  stepMs: number;
  /** Start of each bucket. */
  times: number[];
  /** What it says in a sentence; its accessible name. */
  summary: string;
  /** Events to mark, such as a new version. */
  marks: Mark[];
}

export interface ChartData extends TimeData {
  unit: Unit;
  series: Series[];
  stacked: boolean;
  levels?: Level[];
  shades?: Shade[];
  /** How far back each value looks. */
  windowMs?: number;
  /** Ends of the value axis, where somebody set them. */
  min?: number;
  max?: number;
  /** What is missing of it, in a sentence. */
  note?: string;
  /** Where a click on a moment leads; `{from}` and `{to}` stand for it. Absent when nowhere. */
  behind?: string;
}

/** A ratio of fewer than these tells little: it is drawn as a pale point, outside of the line. */
export const fewest = 5;

/** A ratio that is not zero and that too few cases made. */
export function isThin(s: Series, i: number): boolean {
  return s.wholes !== undefined && s.wholes[i]! < fewest && (s.values[i] ?? 0) > 0;
}

/** A value as a card, a table or a voice says it: with what a ratio is made of. */
export function valueText(s: Series, i: number, unit: Unit): string {
  const text = figure(s.values[i], unit);
  return s.parts && s.wholes && s.wholes[i]! > 0 ? `${text} · ${figure(s.parts[i], 'count')} of ${figure(s.wholes[i], 'count')}` : text;
}

/** Milliseconds of a bucket that lie within the range, and so were counted. */
export function coveredMs(data: ChartData, i: number): number {
  const at = data.times[i]!;
  return Math.max(0, Math.min(data.toMs, at + data.stepMs) - Math.max(data.fromMs, at));
}

/** `32 of 60 s` for a bucket that is cut by the range, or still running; empty for a whole one. */
export function partText(data: ChartData, i: number): string {
  const covered = coveredMs(data, i);
  if (covered > data.stepMs * 0.995) return '';
  const [ms, unit] = data.stepMs >= 7_200_000 ? [3_600_000, 'h'] : data.stepMs >= 120_000 ? [60_000, 'min'] : [1000, 's'];
  const part = covered / ms;
  return `${part < 9.95 && !Number.isInteger(part) ? part.toFixed(1) : Math.round(part)} of ${data.stepMs / ms} ${unit}`;
}

const mantissas = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

/** By the clock from a second on. */
const clockSteps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800];

/** Steps an axis may have, ascending from below its maximum. */
function* stepsUpTo(max: number, unit: Unit): Generator<number> {
  for (let e = Math.floor(Math.log10(max)) - 2; ; e++) {
    if (unit === 'duration' && e >= 9) break;
    for (const m of mantissas) {
      const step = e < 0 ? m / 10 ** -e : m * 10 ** e;
      if (unit !== 'count' || Number.isInteger(step)) yield step; // Things that are counted have no halves.
    }
  }
  for (const s of clockSteps) yield s * 1e9;
  for (let s = 1_209_600; ; s *= 2) yield s * 1e9;
}

/** Times a second, by which a rate as low as this is told: 60 for `/min`, 3600 for `/h`. */
function ratePer(perSecond: number): number {
  return perSecond >= 0.0995 ? 1 : perSecond * 60 >= 0.0995 ? 60 : 3600;
}

export interface ValueAxis {
  /** Ascending, zero among them; the last one is the axis' top, at or above the maximum, so that it is printed. */
  lines: number[];
  /** What stands at a line; all of one axis are told by the same unit. */
  text(value: number): string;
}

/** The axis of values down to a minimum, when that is below zero, and up to a maximum, in a plot of so many pixels. */
export function valueAxis(max: number, unit: Unit, height: number, min = 0): ValueAxis {
  if (min < 0) {
    // The larger side tells the step; the other gets as many of them as it needs.
    const step = (axisLines(Math.max(max, -min), unit, Math.max(64, height / (1 + Math.min(max, -min) / Math.max(max, -min)))))[1]!;
    const [below, above] = [Math.ceil(-min / step - 1e-9), Math.max(0, Math.ceil(max / step - 1e-9))];
    return { lines: Array.from({ length: below + above + 1 }, (_, i) => (i - below) * step), text: value => figure(value, unit) };
  }
  if (unit !== 'rate') return { lines: axisLines(max, unit, height), text: value => figure(value, unit) };
  const per = max > 0 ? ratePer(max) : 1;
  const name = per === 1 ? '/s' : per === 60 ? '/min' : '/h';
  return { lines: axisLines(max * per, 'rate', height).map(line => line / per), text: value => `${figure(value * per, 'count')} ${name}` };
}

function axisLines(max: number, unit: Unit, height: number): number[] {
  if (!(max > 0)) max = unit === 'duration' ? 1e6 : 1;
  const most = Math.max(1, Math.floor((height - 32) / 30));
  for (const step of stepsUpTo(max, unit)) {
    const count = Math.ceil(max / step - 1e-9);
    if (count > most) continue;
    if (unit === 'ratio' && count * step > 1 && max <= 1 && max > 0.75) return [0, 0.5, 1]; // There is nothing above all.
    return Array.from({ length: count + 1 }, (_, i) => i * step);
  }
  return [0, max];
}

/** What stands in the legend: the value over the whole range where it came along; else of counts their sum, of rates their mean, of a ratio the whole range's, else the last value. */
export function legendFigure(s: Series, unit: Unit): [number | null, string] {
  const values = s.values;
  if (typeof s.overall === 'number') return [s.overall, 'overall'];
  if (s.parts && s.wholes) {
    const whole = s.wholes.reduce((a, b) => a + b, 0);
    return [whole > 0 ? s.parts.reduce((a, b) => a + b, 0) / whole : null, 'overall'];
  }
  const known = values.filter((v): v is number => v !== null);
  if (known.length === 0) return [null, ''];
  const sum = known.reduce((a, b) => a + b, 0);
  return unit === 'count' ? [sum, 'sum'] : unit === 'rate' ? [sum / known.length, 'mean'] : [last(values), 'last'];
}

function last(values: (number | null)[]): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i]!;
  return null;
}
