// Rows of a list of traces that unfold to their top spans, and `c` on two rows, which compares them.

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

async function toggle(button: HTMLButtonElement): Promise<void> {
  const row = button.closest('tr')!;
  if (button.getAttribute('aria-expanded') === 'true') {
    button.setAttribute('aria-expanded', 'false');
    if (row.nextElementSibling?.classList.contains('unfolded')) row.nextElementSibling.remove();
    return;
  }
  button.setAttribute('aria-expanded', 'true');
  const cell = document.createElement('td');
  cell.colSpan = row.children.length;
  const below = document.createElement('tr');
  below.className = 'unfolded';
  below.dataset['state'] = 'loading';
  below.append(cell);
  row.after(below);
  try {
    const response = await fetch(button.dataset['unfold']!);
    const text = await response.text();
    if (response.ok) cell.innerHTML = text;
    else fail(cell, text || `The server answered ${response.status}.`);
    below.dataset['state'] = response.ok ? 'ready' : 'error';
  } catch {
    fail(cell, 'The server cannot be reached. Fold the row and unfold it again to retry.');
    below.dataset['state'] = 'error';
  }
}

function fail(cell: HTMLElement, sentence: string): void {
  const note = document.createElement('p');
  note.className = 'top-spans err';
  note.role = 'alert';
  note.textContent = sentence;
  cell.replaceChildren(note);
}

let picked: string | null = null;

/** The first row is kept in mind and marked, the second opens the comparison; the same row twice lets it go. */
export function compare(row: HTMLElement | undefined): boolean {
  const id = row?.dataset['trace'];
  if (!id) return false;
  const first = picked;
  picked = first === null ? id : null;
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
  for (const row of document.querySelectorAll<HTMLElement>('tr[data-trace]')) row.classList.toggle('picked', row.dataset['trace'] === picked);
}

onPage(mark);
