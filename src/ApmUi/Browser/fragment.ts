// <apm-fragment for="form-id" url="/ui/fragment/…">: shows HTML that the server makes of a form's fields while they are typed.
// With method="post" the fields are no part of the address, so that they may be long; with eager it is shown before anything is typed.

class ApmFragment extends HTMLElement {
  #timer = 0;
  #abort: AbortController | null = null;
  #undo: (() => void) | null = null;

  /** What the form held when this was shown: fields that one only walks through change nothing. */
  #sent = '';

  connectedCallback(): void {
    const form = document.getElementById(this.getAttribute('for') ?? '');
    if (!form) return;
    const typed = () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#load(form as HTMLFormElement), 150);
    };
    form.addEventListener('input', typed);
    form.addEventListener('focusin', typed);
    const key = (event: KeyboardEvent) => this.#key(event);
    form.addEventListener('keydown', key);
    // What is completed is the word that the caret stands in.
    const moved = (event: Event) => { if (event.type === 'click' || /^(Arrow(Left|Right)|Home|End)$/.test((event as KeyboardEvent).key)) typed(); };
    form.addEventListener('keyup', moved);
    form.addEventListener('click', moved);
    form.addEventListener('change', typed);
    if (this.hasAttribute('eager')) void this.#load(form as HTMLFormElement);
    this.#undo = () => {
      form.removeEventListener('keydown', key);
      form.removeEventListener('keyup', moved);
      form.removeEventListener('click', moved);
      form.removeEventListener('change', typed);
      form.removeEventListener('input', typed);
      form.removeEventListener('focusin', typed);
    };
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#undo?.();
  }

  /** Arrows go through what is offered, Enter takes it, Escape closes the list; typing goes on in the field. */
  #key(event: KeyboardEvent): void {
    if (event.isComposing || !(event.target instanceof HTMLInputElement)) return;
    const lines = [...this.querySelectorAll<HTMLElement>('.suggest a, .suggest button')];
    const at = lines.findIndex(line => line.classList.contains('at'));
    if (this.dataset['state'] !== 'ready' || lines.length === 0) return;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        const to = (at < 0 ? (event.key === 'ArrowDown' ? 0 : lines.length - 1) : at + (event.key === 'ArrowDown' ? 1 : -1) + lines.length) % lines.length;
        for (const line of lines) line.classList.toggle('at', line === lines[to]);
        lines[to]!.scrollIntoView({ block: 'nearest' });
        const say = document.getElementById('say');
        if (say) say.textContent = lines[to]!.innerText.replace(/\s+/g, ' ');
        break;
      }
      case 'Enter':
        if (at < 0) return;
        lines[at]!.click();
        break;
      case 'Escape':
        this.#abort?.abort();
        clearTimeout(this.#timer);
        this.innerHTML = '';
        this.dataset['state'] = 'empty';
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  async #load(form: HTMLFormElement): Promise<void> {
    const url = new URL(this.getAttribute('url')!, location.href);
    const fields = [...new FormData(form)].filter((field): field is [string, string] => typeof field[1] === 'string');
    if (this.getAttribute('method') === 'post') {
      const body = new URLSearchParams(fields);
      if (body.toString() === this.#sent && this.dataset['state'] !== 'error') return;
      this.#sent = body.toString();
      await this.#show(abort => fetch(url, { method: 'POST', body, signal: abort.signal }));
      return;
    }
    for (const [key] of fields) url.searchParams.delete(key);
    for (const [key, value] of fields) url.searchParams.append(key, value); // Of one name there may be several.
    const field = document.activeElement;
    if (field instanceof HTMLInputElement && field.form === form && field.type === 'search') url.searchParams.set('caret', String(field.selectionStart ?? field.value.length));
    await this.#show(abort => fetch(url, { signal: abort.signal }));
  }

  async #show(ask: (abort: AbortController) => Promise<Response>): Promise<void> {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    this.setAttribute('aria-busy', 'true');
    try {
      const response = await ask(abort);
      const text = await response.text();
      if (!response.ok) throw new Error(response.headers.get('content-type')?.startsWith('text/plain') && text ? text.slice(0, 300) : `The server answered ${response.status}.`);
      this.innerHTML = text;
      this.dispatchEvent(new Event('fragmentload', { bubbles: true })); // It may hold the page's first island of a kind.
      this.dataset['state'] = text.trim() === '' ? 'empty' : 'ready';
      this.setAttribute('aria-busy', 'false');
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#fail(error instanceof TypeError ? 'The server cannot be reached.' : (error as Error).message);
    }
  }

  /** An old list would be of another text: it goes, and the reason stands in its place until the next key. */
  #fail(reason: string): void {
    const note = document.createElement('p');
    note.className = 'pop note err';
    note.role = 'alert';
    note.textContent = `Nothing can be offered just now. ${reason} What is typed can be sent all the same.`;
    this.replaceChildren(note);
    this.dataset['state'] = 'error';
    this.setAttribute('aria-busy', 'false');
  }
}

customElements.define('apm-fragment', ApmFragment);
