// What is expected of a series, as a grey band beneath it; what is outside of it, red and thicker; and lines and bands that somebody set.

import type uPlot from 'uplot';
import { type ChartData, type Level, type Series, type Shade } from './chart-data';
import { type Unit, figure } from './format';
import { color } from './theme';

/** From this width on, CSS pixels, a bucket is wide enough that a value in it is drawn over all of it. */
const wideBucketPx = 16;

/** What the value axis must hold: the series, their bands and the levels. */
export function boundsOf(data: ChartData, shown: readonly Series[], min: number, max: number): [number, number] {
  let [low, high] = [min, max];
  const hold = (value: number | null | undefined): void => {
    if (typeof value !== 'number') return;
    if (!(low <= value)) low = value;
    if (!(high >= value)) high = value;
  };
  for (const s of shown) {
    s.lower?.forEach(hold);
    s.upper?.forEach(hold);
  }
  for (const level of data.levels ?? []) {
    hold(level.from);
    hold(level.to);
  }
  return [low, high];
}

/** The bands, beneath the series. Where a bound is missing there is none. */
export function drawBands(u: uPlot, shown: readonly Series[]): void {
  for (const s of shown) {
    if (!s.lower || !s.upper) continue;
    clipped(u, ctx => {
      ctx.fillStyle = color('band');
      let from = 0;
      while (from < s.lower!.length) {
        let to = from;
        while (to < s.lower!.length && s.lower![to] !== null && s.upper![to] !== null) to++;
        if (to > from) fillBand(u, ctx, s, from, to);
        from = to + 1;
      }
    });
  }
}

function fillBand(u: uPlot, ctx: CanvasRenderingContext2D, s: Series, from: number, to: number): void {
  const times = u.data[0]!;
  const half = devicePixelRatio * 3; // One value alone is still seen.
  ctx.beginPath();
  for (let i = from; i < to; i++) ctx.lineTo(u.valToPos(times[i]!, 'x', true) - (to - from === 1 ? half : 0), u.valToPos(s.upper![i]!, 'y', true));
  for (let i = to - 1; i >= from; i--) ctx.lineTo(u.valToPos(times[i]!, 'x', true) + (to - from === 1 ? half : 0), u.valToPos(s.lower![i]!, 'y', true));
  ctx.closePath();
  ctx.fill();
}

/** Times on grounds of their own, beneath everything; muted ones are hatched. */
export function drawShades(u: uPlot, shades: readonly Shade[]): void {
  const [top, height] = [u.bbox.top, u.bbox.height];
  for (const shade of shades) {
    const left = u.valToPos(shade.fromMs / 1000, 'x', true);
    const width = Math.max(devicePixelRatio, u.valToPos(shade.toMs / 1000, 'x', true) - left); // A short one is still seen.
    clipped(u, ctx => {
      ctx.fillStyle = ctx.strokeStyle = color(shade.color === 'muted' ? 'text-2' : shade.color);
      ctx.globalAlpha = shade.color === 'muted' ? 0.35 : 0.16;
      if (shade.color !== 'muted') {
        ctx.fillRect(left, top, width, height);
        return;
      }
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      for (let x = left - height; x < left + width; x += 7 * devicePixelRatio) {
        ctx.moveTo(x, top + height);
        ctx.lineTo(x + height, top);
      }
      ctx.stroke();
    });
  }
}

/** The way to and from each value that nobody expected, and a point at it. */
export function drawOdd(u: uPlot, shown: readonly Series[]): void {
  for (const s of shown) {
    if (!s.odd?.length) continue;
    const at = (i: number): [number, number] | null => typeof s.values[i] === 'number' ? [u.valToPos(u.data[0]![i]!, 'x', true), u.valToPos(s.values[i]!, 'y', true)] : null;
    clipped(u, ctx => {
      ctx.strokeStyle = ctx.fillStyle = color('error');
      ctx.lineWidth = 2.5 * devicePixelRatio;
      ctx.lineJoin = 'round';
      for (const i of s.odd!) {
        const here = at(i);
        if (!here) continue;
        for (const near of [at(i - 1), at(i + 1)]) {
          if (!near) continue;
          ctx.beginPath();
          ctx.moveTo(...near);
          ctx.lineTo(...here);
          ctx.stroke();
        }
        ctx.beginPath();
        ctx.arc(...here, 2.5 * devicePixelRatio, 0, 2 * Math.PI);
        ctx.fill();
      }
    });
  }
}

/** A value alone in a wide bucket, such as the sum of an hour, as a line over the bucket's whole width. */
export function drawWide(u: uPlot, data: ChartData, shown: readonly Series[]): void {
  const width = u.valToPos((data.fromMs + data.stepMs) / 1000, 'x', true) - u.valToPos(data.fromMs / 1000, 'x', true);
  if (width < wideBucketPx * devicePixelRatio || data.stacked) return;
  for (const s of shown) {
    if (s.draw !== 'line' || s.unit) continue;
    clipped(u, ctx => {
      ctx.strokeStyle = color(s.color);
      ctx.lineWidth = 2 * devicePixelRatio;
      s.values.forEach((value, i) => {
        if (typeof value !== 'number' || typeof s.values[i - 1] === 'number' || typeof s.values[i + 1] === 'number') return;
        const [left, y] = [u.valToPos(data.times[i]! / 1000, 'x', true), u.valToPos(value, 'y', true)];
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(left + width, y);
        ctx.stroke();
      });
    });
  }
}

/** Lines and bands across the plot, with their words at the right. */
export function drawLevels(u: uPlot, levels: readonly Level[]): void {
  const [top, bottom] = [u.bbox.top, u.bbox.top + u.bbox.height];
  const [left, right] = [u.bbox.left, u.bbox.left + u.bbox.width];
  const texts: { y: number; left: number }[] = [];
  for (const level of levels) {
    const [upper, lower] = [level.to === undefined ? top : u.valToPos(level.to, 'y', true), level.from === undefined ? bottom : u.valToPos(level.from, 'y', true)];
    clipped(u, ctx => {
      ctx.fillStyle = ctx.strokeStyle = color(level.color);
      if (level.from === level.to) {
        ctx.lineWidth = 1.5 * devicePixelRatio;
        if (level.dash) ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(left, upper);
        ctx.lineTo(right, upper);
        ctx.stroke();
      } else {
        ctx.globalAlpha = 0.12;
        ctx.fillRect(left, upper, right - left, lower - upper);
        ctx.globalAlpha = 1;
      }
      if (!level.text) return;
      ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = 'right';
      ctx.textBaseline = 'alphabetic';
      // Lines that lie close to each other have their words side by side.
      const y = Math.max(top + 12 * devicePixelRatio, upper - 4 * devicePixelRatio);
      const end = Math.min(right - 4 * devicePixelRatio, ...texts.filter(other => Math.abs(other.y - y) < 12 * devicePixelRatio).map(other => other.left - 12 * devicePixelRatio));
      texts.push({ y, left: end - ctx.measureText(level.text).width });
      ctx.fillText(level.text, end, y);
    });
  }
}

/** What was expected of a value, and why it stands out; empty when nobody asked. */
export function expectedText(s: Series, i: number, unit: Unit): string {
  const [lower, upper, value] = [s.lower?.[i], s.upper?.[i], s.values[i]];
  if (typeof lower !== 'number' || typeof upper !== 'number') return s.lower ? 'Expected: too short a history to say' : '';
  const side = !s.odd?.includes(i) || typeof value !== 'number' ? '' : value > upper ? ', it is above' : ', it is below';
  return `Expected ${figure(lower, unit)} to ${figure(upper, unit)}${side}`;
}

function clipped(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
  draw(u.ctx);
  u.ctx.restore();
}
