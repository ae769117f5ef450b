// Events on a time axis, such as a deployment: flags on the canvas, and lines of the table.

import type uPlot from 'uplot';
import { type Mark, type TimeData } from './chart-data';
import { color } from './theme';

/** Of deployments, and of events by how grave they are; the others are grey. */
const colors: Partial<Record<Mark['kind'], string>> = { deploy: 'accent', info: 'accent', error: 'error', warn: 'warn', ok: 'ok' };

/** What happened in a bucket; before the first one counts for the first. */
export function marksIn(data: TimeData, i: number): Mark[] {
  const [from, to] = [data.times[i]!, data.times[i]! + data.stepMs];
  return data.marks.filter(m => (m.atMs >= from || i === 0) && m.atMs < to);
}

/** Dashed verticals with a flag at the top; a flag that would cover the one before it carries no text. */
export function drawMarks(u: uPlot, marks: readonly Mark[]): void {
  const scale = devicePixelRatio;
  const right = u.bbox.left + u.bbox.width;
  let free = u.bbox.left;
  let freeBelow = u.bbox.left;
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.atMs / 1000, 'x', true));
    if (x < u.bbox.left || x > right) continue;
    const ctx = u.ctx;
    ctx.save();
    ctx.strokeStyle = color(colors[mark.kind] ?? 'text-2');
    ctx.lineWidth = scale;
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.font = `${10 * scale}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    const text = mark.text.length > 24 ? mark.text.slice(0, 23) + '…' : mark.text;
    const width = ctx.measureText(text).width + 8 * scale;
    const left = x + width > right ? x - width : x;
    ctx.fillStyle = color('surface');
    if (left >= free) {
      ctx.fillRect(left, u.bbox.top, width, 14 * scale);
      ctx.strokeRect(left, u.bbox.top, width, 14 * scale);
      ctx.fillStyle = ctx.strokeStyle;
      ctx.fillText(text, left + 4 * scale, u.bbox.top + 10.5 * scale);
      free = left + width + 2 * scale;
    } else if (x >= freeBelow) { // Of several at one place one flag is enough; the card and the table name them all.
      freeBelow = x + 8 * scale;
      ctx.fillStyle = ctx.strokeStyle;
      ctx.fillRect(x, u.bbox.top + 15 * scale, 6 * scale, 5 * scale); // Below the text of the one before it.
    }
    ctx.restore();
  }
}
