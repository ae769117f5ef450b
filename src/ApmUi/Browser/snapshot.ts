// The form that shares a chart as a picture. Whoever has a chart asks for it: an island by the event `snapshot`, a menu by `data-snapshot`.

export interface Shot { src: string; title: string }

/** Asks for the form, from within an island. */
export function askForSnapshot(island: HTMLElement, shot: Shot): void {
  island.dispatchEvent(new CustomEvent<Shot>('snapshot', { bubbles: true, composed: true, detail: shot }));
}

async function open({ src, title }: Shot): Promise<void> {
  const pop = document.getElementById('snapshot');
  if (!pop) return;
  const asked = new URLSearchParams({ src, title, page: location.pathname + location.search });
  try {
    const response = await fetch(`/ui/fragment/snapshot?${asked}`);
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    pop.innerHTML = await response.text();
  } catch (error) {
    const note = document.createElement('p');
    note.className = 'pad note err';
    note.role = 'alert';
    note.textContent = `The form cannot be had. ${error instanceof TypeError ? 'The server cannot be reached.' : (error as Error).message}`;
    pop.replaceChildren(note);
  }
  (pop as HTMLElement).showPopover();
  pop.querySelector('textarea')?.focus();
}

document.addEventListener('snapshot', event => void open((event as CustomEvent<Shot>).detail));

document.addEventListener('click', event => {
  const target = event.target as Element;
  const menu = target.closest<HTMLElement>('[data-snapshot]');
  if (menu) {
    document.querySelector<HTMLElement>('[popover]:popover-open')?.hidePopover();
    void open({ src: menu.dataset['snapshot']!, title: menu.dataset['title'] ?? '' });
    return;
  }
  const mention = target.closest<HTMLElement>('[data-mention]');
  const comment = mention?.closest('form')?.querySelector('textarea');
  if (!mention || !comment) return;
  comment.setRangeText(`${/(^|\s)$/.test(comment.value.slice(0, comment.selectionStart)) ? '' : ' '}@${mention.dataset['mention']} `, comment.selectionStart, comment.selectionEnd, 'end');
  comment.focus();
});
