// Rows of a list of traces that unfold to their top spans, and `c` on two rows, which compares them.

import { el } from './island';
import { go, onPage } from './nav';

document.addEventListener('click', event => {
  const button = (event.target as Element).closest<HTMLButtonElement>('[data-unfold]');
  if (button) void toggle(button);
});

/** Unfolds or folds a row; false when it has nothing to unfold. */
export function unfold(row: HTMLElement | undefined): boolean {
  const button = row?.querySelector<HTMLButtonElement>('[data-unfold]');
  if (!button) return false;
  void toggle(button);
  return true;
}

interface Unfolded { state: 'loading' | 'ready' | 'error'; html: string }

/** What is unfolded, by trace; as text, since a page that is rendered anew may make another row of the element that showed it. */
const open = new Map<string, Unfolded>();

async function toggle(button: HTMLButtonElement): Promise<void> {
  const id = button.closest('tr')!.dataset['trace']!;
  if (open.delete(id)) {
    draw(id);
    return;
  }
  const unfolded: Unfolded = { state: 'loading', html: '' };
  open.set(id, unfolded);
  draw(id);
  try {
    const response = await fetch(button.dataset['unfold']!);
    const text = await response.text();
    unfolded.html = response.ok ? text : failed(text || `The server answered ${response.status}.`);
    unfolded.state = response.ok ? 'ready' : 'error';
  } catch {
    unfolded.html = failed('The server cannot be reached. Fold the row and unfold it again to retry.');
    unfolded.state = 'error';
  }
  if (open.get(id) === unfolded) draw(id);
}

/** Shows below a row what it unfolds to, or takes it away; false when there is no such row. */
function draw(id: string): boolean {
  const row = document.querySelector<HTMLTableRowElement>(`tr[data-trace="${CSS.escape(id)}"]`);
  if (!row) return false;
  if (row.nextElementSibling?.classList.contains('unfolded')) row.nextElementSibling.remove();
  const unfolded = open.get(id);
  row.querySelector('[data-unfold]')?.setAttribute('aria-expanded', String(unfolded !== undefined));
  if (!unfolded) return true;
  const cell = document.createElement('td');
  cell.colSpan = row.children.length;
  cell.innerHTML = unfolded.html;
  const below = document.createElement('tr');
  below.className = 'unfolded';
  below.dataset['state'] = unfolded.state;
  below.append(cell);
  row.after(below);
  return true;
}

/** A list that was rendered anew has its rows folded, in other places or gone: what was unfolded of those that are left is so again. */
export function restore(): void {
  for (const row of document.querySelectorAll('tr.unfolded')) row.remove();
  for (const id of [...open.keys()]) if (!draw(id)) open.delete(id);
  mark();
}

function failed(sentence: string): string {
  const note = document.createElement('p');
  note.className = 'top-spans err';
  note.role = 'alert';
  note.textContent = sentence;
  return note.outerHTML;
}

/** The first of two rows to compare, in words of its own: a list that moves on may lose it. */
let picked: { id: string; name: string } | null = null;

/** Says what is picked, as long as something is. */
let chip: HTMLElement | null = null;

/** The first row is kept in mind and marked, the second opens the comparison; the same row twice lets it go. */
export function compare(row: HTMLElement | undefined): boolean {
  const id = row?.dataset['trace'];
  if (!id) return false;
  const first = picked?.id ?? null;
  picked = first === null ? { id, name: row!.querySelector('[data-open], a.main')?.textContent?.replace(/\s+/g, ' ').trim().slice(0, 60) || id } : null;
  mark();
  const say = document.getElementById('say');
  if (say) say.textContent = first === null ? 'Picked. Press c on another trace to compare.' : first === id ? 'Not picked any more.' : '';
  if (first === null || first === id) return true;
  const url = new URL('/compare', location.href);
  const here = new URL(location.href);
  for (const kept of ['env', 'from', 'to']) if (here.searchParams.has(kept)) url.searchParams.set(kept, here.searchParams.get(kept)!);
  url.searchParams.set('a', first);
  url.searchParams.set('b', id);
  go(url);
  return true;
}

function mark(): void {
  let isListed = false;
  const rows = document.querySelectorAll<HTMLElement>('tr[data-trace]');
  for (const row of rows) {
    const isPicked = row.dataset['trace'] === picked?.id;
    row.classList.toggle('picked', isPicked);
    isListed ||= isPicked;
  }
  chip?.remove();
  chip = null;
  if (picked === null || (rows.length === 0 && !document.querySelector('apm-tail'))) return;
  const letGo = el('button', { type: 'button', class: 'btn' }, 'Let go');
  letGo.addEventListener('click', () => {
    picked = null;
    mark();
  });
  chip = el('div', { class: 'picked-note', role: 'status' },
    el('span', {}, el('bdi', {}, picked.name), ` is picked${isListed ? '' : ', though no longer in this list'}. `, el('kbd', {}, 'c'), ' on another row compares.'), letGo);
  document.body.append(chip);
}

onPage(restore);
