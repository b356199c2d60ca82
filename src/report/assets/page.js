'use strict';
// Sorting, choosing and copying. The page reads without it: rows open by <details> and CSS alone.
// What comes from the results stays text. Markup is made in one place, unfold, of what the page itself
// holds as markup for those without scripts, where every value is escaped.
(() => {
  const table = document.querySelector('.results');
  const form = document.querySelector('.tools');
  const none = document.querySelector('.none');
  const fields = form.elements;
  const output = form.querySelector('output');
  // Addresses sort by their numbers. A phone's name is hex: its digits are no numbers.
  const byNumbers = new Intl.Collator('en', {numeric: true}).compare;
  const byLetters = new Intl.Collator('en').compare;

  const make = (name, text, properties) =>
    Object.assign(document.createElement(name), {textContent: text}, properties);

  // One object for each result. `words` is filled when it is first searched.
  const rows = Array.from(table.tBodies, (body, place) => {
    const cells = body.rows[0].cells;
    return {
      body, place,
      verdict: body.dataset.v,
      site: cells[2].textContent,
      toggle: body.querySelector('details'), // not every row opens
      keys: [null, cells[1].querySelector('summary, b').textContent, cells[2].textContent,
        cells[3].textContent, cells[4].textContent, cells[5].textContent],
      words: null,
    };
  });

  // What stands behind a row waits in <noscript>, as text.
  const unfold = (body) => {
    const folded = body.querySelector('noscript');
    if (!folded) return;
    const page = new DOMParser().parseFromString(folded.textContent, 'text/html');
    folded.replaceWith(...page.body.children);
    for (const code of body.querySelectorAll('.copy')) {
      const button = make('button', 'Copy', {type: 'button'});
      button.addEventListener('click', () => copy(button, code));
      code.after(button);
    }
  };

  // All that a row says, also where it is still folded.
  const references = {amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'"};
  const wordsOf = (body) => {
    const folded = body.querySelector('noscript');
    const text = body.rows[0].textContent + ' ' + (folded
      ? folded.textContent.replace(/<[^>]*>/g, ' ').replace(/&([^;]+);/g, (_, name) => references[name])
      : body.textContent);
    return text.toLowerCase();
  };

  // ---- sorting

  // The page comes with the worst verdict first; that order is the one of the column.
  const order = [];
  for (const row of rows) {
    if (!order.includes(row.verdict)) order.push(row.verdict);
  }

  const compare = (column) => (a, b) => (column === 0
    ? order.indexOf(a.verdict) - order.indexOf(b.verdict)
    : (column === 1 ? byLetters : byNumbers)(a.keys[column], b.keys[column])) || a.place - b.place;

  const sort = (column, heading) => {
    const down = heading.getAttribute('aria-sort') === 'ascending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    rows.sort(compare(column));
    if (down) rows.reverse();
    // Moved outside the document, ten thousand rows are one change to it.
    const place = table.nextSibling, focus = document.activeElement;
    table.remove();
    for (const row of rows) table.append(row.body);
    place.before(table);
    focus.focus({preventScroll: true});
  };

  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = make('button', heading.textContent, {type: 'button'});
    button.addEventListener('click', () => sort(column, heading));
    heading.replaceChildren(button);
  });

  // ---- choosing

  const shown = () => rows.filter((row) => !row.body.hidden);

  const choose = () => {
    const words = fields.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set(Array.from(form.querySelectorAll('[name=verdict]:checked'),
      (box) => box.value));
    let count = 0;
    for (const row of rows) {
      if (words.length && row.words === null) row.words = wordsOf(row.body);
      const fits = verdicts.has(row.verdict) &&
        (fields.site.value === '' || row.site === fields.site.value) &&
        words.every((word) => row.words.includes(word));
      row.body.hidden = !fits;
      count += fits;
    }
    none.hidden = count > 0 || rows.length === 0;
    output.textContent = `${count} of ${rows.length} rows`;
  };

  for (const verdict of order) {
    const label = make('label', '');
    label.append(make('input', '', {type: 'checkbox', name: 'verdict', value: verdict, defaultChecked: true}),
      document.querySelector(`.legend .v-${verdict}`).cloneNode(true));
    form.querySelector('fieldset').append(label);
  }
  for (const site of [...new Set(rows.map((row) => row.site))].sort(byNumbers)) {
    fields.site.append(make('option', site, {value: site}));
  }

  let waiting = 0;
  form.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 80);
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  none.querySelector('button').addEventListener('click', () => {
    form.reset();
    choose();
    fields.words.focus();
  });

  // ---- opening

  fields.open.addEventListener('click', () => {
    for (const row of shown()) row.toggle?.setAttribute('open', '');
  });
  fields.close.addEventListener('click', () => {
    for (const row of rows) row.toggle?.removeAttribute('open');
  });

  // Anywhere in a row will do, but not where a text was selected.
  table.addEventListener('click', (event) => {
    const row = event.target.closest('.s');
    if (!row || event.target.closest('summary') || String(getSelection())) return;
    row.querySelector('details')?.toggleAttribute('open');
  });

  // A toggle does not bubble, hence the capture.
  table.addEventListener('toggle', (event) => {
    if (event.target.open && event.target.closest('.p')) unfold(event.target.closest('tbody'));
  }, true);

  const byHash = () => {
    const body = /^#r\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!body) return;
    body.querySelector('details')?.setAttribute('open', '');
    body.scrollIntoView({block: 'center'});
  };
  addEventListener('hashchange', byHash);
  byHash();

  // ---- copying

  const copy = async (button, code) => {
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Selected: press Ctrl+C';
    }
  };

  form.hidden = false;
  choose();
})();
