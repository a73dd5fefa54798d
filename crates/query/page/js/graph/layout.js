// Where the services and the events between them are drawn. Knows the shape of a choreography, and
// no service by its name: the service that starts orders is a bar, those that talk with it stand in
// a row along it, and those that are only replicated stand behind.
//
// One way of arranging serves both a wide and a narrow page: `a` runs along the bar, `b` away from it.

const WIDE = { bar: 50, reach: 136, box: 58, back: 64, leaf: 42, gap: 128, portMin: 70, portMax: 112, edge: 2 };
const TALL = { bar: 44, reach: 0, box: 92, back: 0, leaf: 0, gap: 52, portMin: 37, portMax: 37, edge: 2 };

/** As much as a state with its time needs. */
const LEAF = 150;

/** Narrower than this, or with so much more to draw than fits, the bar stands upright. */
const WIDE_MIN = 760;
const SHRUNK_MAX = 1.5;

/** Boxes and lines of `drawing` on so much width. */
export function arrange(drawing, width) {
  const wide = width < WIDE_MIN ? null : arranged(drawing, width, false);
  return wide && wide.width <= SHRUNK_MAX * width ? wide : arranged(drawing, width, true);
}

function arranged(drawing, width, tall) {
  const measure = tall ? { ...TALL, reach: width - TALL.bar - TALL.box - 4 } : WIDE;
  const hub = drawing.start.split(".")[0];
  const talks = (name) => drawing.edges.some((edge) => edge.from === name || edge.to === name);
  const spokes = drawing.services.map((one) => one.name).filter((name) => name !== hub && talks(name));
  const leaves = drawing.services.map((one) => one.name).filter((name) => name !== hub && !talks(name));
  const ports = Object.fromEntries(spokes.map((name) => [name, between(drawing.edges, hub, name)]));
  const along = alongTheBar(spokes, ports, measure, tall ? null : width);
  const boxes = new Map([[hub, box(0, along.length, measure.edge, measure.bar)]]);
  const b = measure.edge + measure.bar + measure.reach;
  for (const name of spokes) boxes.set(name, box(along.at[name], along.of[name], b, measure.box));
  const lines = spokes.flatMap((name) => portLines(ports[name], boxes.get(name), hub, measure));
  lines.push(...drawing.edges.filter((edge) => edge.from !== hub && edge.to !== hub).map((edge) => neighbourLine(edge, boxes)));
  const copies = tall ? [] : behind(drawing, leaves, spokes, hub, boxes, measure);
  const depth = tall ? b + measure.box + measure.edge : b + measure.box + measure.back + measure.leaf + measure.edge;
  return turn({ hub, spokes, boxes, lines, copies, along: along.length, depth, tall });
}

function between(edges, hub, name) {
  return edges.filter((edge) => [edge.from, edge.to].includes(hub) && [edge.from, edge.to].includes(name));
}

const box = (a, length, b, depth) => ({ a, length, b, depth });

/** Each spoke is as long as its events need; what is left of the width is shared out among them. */
function alongTheBar(spokes, ports, measure, width) {
  const wanted = spokes.map((name) => Math.max(2.2, ports[name].length));
  const sum = wanted.reduce((all, one) => all + one, 0);
  const room = width === null ? 0 : (width - 2 - measure.gap * (spokes.length - 1)) / sum;
  const port = Math.max(measure.portMin, Math.min(measure.portMax, room));
  const [at, of] = [{}, {}];
  let a = 1;
  spokes.forEach((name, index) => {
    at[name] = a;
    of[name] = wanted[index] * port;
    a += of[name] + measure.gap;
  });
  return { at, of, length: a - measure.gap + 1 };
}

function portLines(ports, spoke, hub, measure) {
  const step = spoke.length / ports.length;
  const near = measure.edge + measure.bar;
  return ports.map((edge, index) => {
    const a = spoke.a + step * (index + 0.5);
    const ends = [{ a, b: near }, { a, b: spoke.b }];
    const [from, to] = edge.from === hub ? ends : ends.reverse();
    return { edge, from, to, label: { a, b: near + measure.reach / 2 } };
  });
}

function neighbourLine(edge, boxes) {
  const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
  const b = from.b + from.depth / 2;
  const forwards = from.a < to.a;
  const start = forwards ? from.a + from.length : from.a;
  const end = forwards ? to.a : to.a + to.length;
  return { edge, from: { a: start, b }, to: { a: end, b }, label: { a: (start + end) / 2, b }, neighbours: true };
}

/** The replicated stand behind the gaps between those who keep their copies. */
function behind(drawing, leaves, spokes, hub, boxes, measure) {
  const keepers = (leaf) => drawing.services.filter((one) => one.replicates.includes(leaf)).map((one) => one.name);
  const first = boxes.get(spokes[0]);
  const b = first.b + first.depth + measure.back;
  const order = [...leaves].sort((x, y) => meanOf(keepers(x), boxes) - meanOf(keepers(y), boxes));
  return order.flatMap((leaf, index) => {
    const [left, right] = [boxes.get(spokes[index]), boxes.get(spokes[index + 1] ?? spokes[index])];
    const middle = (left.a + left.length + right.a) / 2;
    boxes.set(leaf, box(middle - LEAF / 2, LEAF, b, measure.leaf));
    return keepers(leaf).map((keeper) => copyLine(leaf, keeper, hub, boxes, middle));
  });
}

function meanOf(names, boxes) {
  const mids = names.filter((name) => boxes.has(name)).map((name) => boxes.get(name).a + boxes.get(name).length / 2);
  return mids.reduce((sum, one) => sum + one, 0) / Math.max(1, mids.length);
}

function copyLine(leaf, keeper, hub, boxes, middle) {
  const [from, to] = [boxes.get(leaf), boxes.get(keeper)];
  if (keeper === hub) return { leaf, keeper, points: [{ a: middle, b: from.b }, { a: middle, b: to.b + to.depth }] };
  const b = from.b + from.depth / 2;
  const start = to.a + to.length / 2 < middle ? from.a : from.a + from.length;
  const a = to.a + to.length / 2;
  return { leaf, keeper, points: [{ a: start, b }, { a, b }, { a, b: to.b + to.depth }] };
}

/** From along and away to x and y. */
function turn(plan) {
  const point = ({ a, b }) => (plan.tall ? { x: b, y: a } : { x: a, y: b });
  const rectangle = (one) => {
    const { x, y } = point(one);
    return plan.tall ? { x, y, width: one.depth, height: one.length } : { x, y, width: one.length, height: one.depth };
  };
  return {
    tall: plan.tall,
    hub: plan.hub,
    width: plan.tall ? plan.depth : plan.along,
    height: plan.tall ? plan.along : plan.depth,
    boxes: new Map([...plan.boxes].map(([name, one]) => [name, rectangle(one)])),
    lines: plan.lines.map((line) => ({ ...line, from: point(line.from), to: point(line.to), label: point(line.label) })),
    copies: plan.copies.map((copy) => ({ ...copy, points: copy.points.map(point) })),
  };
}
