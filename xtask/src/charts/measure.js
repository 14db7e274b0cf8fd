// Looks at each picture of the page: is every text inside, apart from all others, and within what it labels?
// A group with data-fit="box" is a rect with its text; with data-fit="line", an arrow with its label.
{
  const slack = 0.5;
  const box = (element) => element.getBBox();
  const meet = (a, b) =>
    a.x + a.width > b.x + slack && b.x + b.width > a.x + slack &&
    a.y + a.height > b.y + slack && b.y + b.height > a.y + slack;
  const within = (a, b) => a.x >= b.x - slack && a.x + a.width <= b.x + b.width + slack;
  const below = (a, b) => a.y >= b.y - slack && a.y + a.height <= b.y + b.height + slack;

  const measure = (svg) => {
    const faults = [];
    const say = (kind, text) => faults.push({ kind, text: text.textContent });
    const texts = [...svg.querySelectorAll('text')];
    const boxes = [...svg.querySelectorAll('[data-fit=box]')];
    const arrows = [...svg.querySelectorAll('[data-fit=line]')];
    texts.forEach((text, number) => {
      const area = box(text);
      const view = svg.viewBox.baseVal;
      if (!(area.width > 0 && within(area, view) && below(area, view))) say('outside', text);
      for (const other of texts.slice(number + 1)) {
        if (meet(area, box(other))) say('overlap', text);
      }
      for (const other of boxes) {
        const rect = box(other.querySelector('rect'));
        if (other.contains(text)) {
          if (!(within(area, rect) && below(area, rect))) say('overflow', text);
        } else if (meet(area, rect)) {
          say('overlap', text);
        }
      }
      for (const other of arrows) {
        const line = box(other.querySelector('line'));
        if (other.contains(text) && !within(area, line)) say('overflow', text);
        // A line is flat: as high as its stroke, for this.
        if (meet(area, { x: line.x, y: line.y - 1, width: line.width, height: 2 })) say('crossed', text);
      }
    });
    return { texts: texts.length, faults };
  };

  const found = JSON.stringify([...document.querySelectorAll('svg')].map(measure));
  // Nothing that HTML would write in another way.
  const plain = found.replace(/[<>&\u007f-\uffff]/g, (letter) =>
    '\\u' + letter.charCodeAt(0).toString(16).padStart(4, '0'));
  document.getElementById('result').textContent = plain;
}
