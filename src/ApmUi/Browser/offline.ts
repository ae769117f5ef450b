// The script of a trace that was saved as one page (docs/formats/trace-file.md): works from a file, asks nobody for anything.

import { micros } from './format';
import { el } from './island';
import { type Skeleton, serviceOf, titleOf } from './skeleton';
import { setTraceHost } from './trace-host';
import './waterfall';
import './flame';

/** One span as a trace file has it; null for a parent that is not stored, or where the file would have become too large. */
interface SavedSpan { tags?: Record<string, string>; numbers?: Record<string, number | string>; [key: string]: unknown }
interface Saved { skeleton: Skeleton; spans: (SavedSpan | null)[]; truncated: boolean }

const saved = JSON.parse(document.getElementById('trace')!.textContent ?? '') as Saved;
const split = document.getElementById('split')!;
const panel = document.getElementById('panel')!;
const views = [...document.querySelectorAll<HTMLButtonElement>('[data-view]')];
const island = () => split.querySelector<HTMLElement>('apm-waterfall, apm-flame')!;

setTraceHost({
  load: () => Promise.resolve(saved.skeleton),
  find: (_src, text) => {
    const wanted = text.toLowerCase();
    const { skeleton } = saved;
    const found: number[] = [];
    for (let i = 0; i < skeleton.count; i++) {
      const names = [skeleton.service, skeleton.name, skeleton.resource].some(column => (skeleton.strings[column[i]!] ?? '').toLowerCase().includes(wanted));
      if (names || JSON.stringify(saved.spans[i] ?? '').toLowerCase().includes(wanted)) found.push(i);
    }
    return Promise.resolve(found);
  },
  show: changes => {
    if ('span' in changes) open(changes['span'] as number | null);
    for (const name of ['zoom', 'color']) {
      if (!(name in changes)) continue;
      const value = changes[name];
      if (value === null || value === undefined) island().removeAttribute(name);
      else island().setAttribute(name, String(value));
    }
  },
});

function open(i: number | null): void {
  split.classList.toggle('open', i !== null);
  panel.hidden = i === null;
  if (i === null) { island().removeAttribute('span'); return; }
  island().setAttribute('span', String(i));
  const { skeleton } = saved;
  const span = saved.spans[i] ?? null;
  const close = el('button', { type: 'button', class: 'btn', 'aria-label': 'Close the panel' }, '✕');
  close.addEventListener('click', () => open(null));
  const rows: [string, string][] = [
    ['operation', skeleton.strings[skeleton.name[i]!] ?? ''], ['duration', micros(skeleton.dur[i]!)], ['own time', micros(skeleton.self[i]!)], ['starts', '+' + micros(skeleton.start[i]!)],
  ];
  for (const key of ['kind', 'type', 'env', 'span_id', 'parent_id']) if (typeof span?.[key] === 'string') rows.push([key.replace('_', ' '), span[key]]);
  const failed = span?.['error'] === true ? [el('div', { class: 'failed' }, el('b', {}, span.tags?.['error.type'] ?? 'Error'), ' ', span.tags?.['error.message'] ?? span.tags?.['error.msg'] ?? '')] : [];
  const tags: [string, string][] = [...Object.entries(span?.tags ?? {}), ...Object.entries(span?.numbers ?? {}).map(([key, value]) => [key, String(value)] as [string, string])];
  panel.replaceChildren(
    el('header', {}, el('b', {}, serviceOf(skeleton, i)), el('h2', {}, titleOf(skeleton, i)), close),
    ...failed, table(rows),
    ...tags.length > 0 ? [el('h3', {}, 'Attributes'), table(tags.sort((a, b) => Number(a[0].startsWith('_')) - Number(b[0].startsWith('_')) || (a[0] < b[0] ? -1 : 1)))] : [],
    ...span === null && saved.truncated ? [el('p', { class: 'note' }, 'Attributes of this span are left out: the file would have become too large.')] : [],
    ...span ? [details('Raw JSON', JSON.stringify(span, null, 2))] : []);
}

function table(rows: [string, string][]): HTMLElement {
  return el('dl', { class: 'kv' }, ...rows.map(([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, value.length > 1000 ? details(value.slice(0, 120) + '…', value) : value))));
}

function details(summary: string, text: string): HTMLElement {
  return el('details', {}, el('summary', {}, summary), el('pre', { tabindex: '0' }, text));
}

// The island comes last: it asks for its data as soon as it stands in the page.
document.getElementById('spans')!.append(el('apm-waterfall', { src: 'this file' }));

for (const button of views) {
  button.addEventListener('click', () => {
    for (const other of views) other.setAttribute('aria-pressed', String(other === button));
    const now = el(button.dataset['view']!, { src: 'this file' });
    const span = island().getAttribute('span');
    if (span !== null) now.setAttribute('span', span);
    island().replaceWith(now);
  });
}
addEventListener('keydown', event => {
  const target = event.composedPath()[0] as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.('input')) return;
  if (event.key === '1' || event.key === '2') views[Number(event.key) - 1]?.click();
});
