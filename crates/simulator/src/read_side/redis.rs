//! Redis as the projector uses it: values under names, and the two scripts that write them.
//!
//! The scripts are those of `query`: one begins a generation if the pointer says what it said; one
//! writes a batch if pointer and position say what they said, all values absolute, the position
//! last. Each is atomic. What a script changed is remembered, so that Redis can be put back to any
//! moment before: that is what an older snapshot, a cut log and a lagging replica have in common.

use std::collections::{BTreeMap, VecDeque};

use engine::seeded::{self, Bug};
use protocol::Timestamp;
use query::fold::Changes;
use query::keys::{Generation, POINTER};
use query::positions::Positions;

use crate::Random;

/// Scripts that can be undone, at most.
const UNDONE_MAX: usize = 256;

/// What a hand leaves where a record stood.
const NONSENSE: &[u8] = b"{\"at\":0}";

/// Everything that Redis holds. An index entry or a hash field stands under key, zero byte, member.
#[derive(Debug, Default)]
pub(super) struct Redis {
    values: BTreeMap<String, Vec<u8>>,
    /// What each script found where it wrote.
    before: VecDeque<Vec<(String, Option<Vec<u8>>)>>,
    late: Vec<Write>,
    hangs: u64,
    refuses: u64,
    begun: i64,
}

/// A batch, ready to be written.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) live: Live,
    pub(super) next: Positions,
    pub(super) changes: Changes,
}

/// A live read model, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) generation: Generation,
    pub(super) positions: Positions,
    text: String,
}

/// What became of a write, as its sender sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is written.
    Done,
    /// Redis does not stand where the batch was folded from.
    Moved,
    /// No answer, or an error: whether it is written is not known.
    Failed,
}

impl Redis {
    /// Where it stands; nothing if there is no read model that can be folded further.
    pub(super) fn find(&self) -> Option<Live> {
        let generation: Generation = self.text(POINTER)?.parse().ok()?;
        let text = self.text(&generation.position_key())?.to_owned();
        let positions = Positions::parse(&text).ok()?;
        Some(Live { generation, positions, text })
    }

    /// Whether this generation is the live one.
    pub(super) fn is_live(&self, generation: &str) -> bool {
        self.text(POINTER) == Some(generation)
    }

    pub(super) fn read(&self, generation: &Generation, name: &str) -> Option<Vec<u8>> {
        self.values.get(&generation.key(name)).cloned()
    }

    /// The values of a generation, by their names inside it.
    pub(super) fn of_generation(&self, generation: &Generation) -> BTreeMap<&str, &[u8]> {
        let prefix = generation.key("");
        let own = self.values.range(prefix.clone()..);
        let own = own
            .map_while(|(key, value)| Some((key.strip_prefix(prefix.as_str())?, value.as_slice())));
        own.collect()
    }

    /// Begins a new generation in place of what the pointer says, and sweeps what is older.
    pub(super) fn begin_anew(&mut self) {
        let old = self.text(POINTER).and_then(|pointer| pointer.parse().ok());
        self.begun += 1;
        let generation = Generation::after(old.as_ref(), Timestamp::from_micros(self.begun));
        let Ok(zero) = Positions::default().to_text() else { return };
        let own = generation.key("");
        let swept = self.values.keys().filter(|key| *key != POINTER && !key.starts_with(&own));
        let swept: Vec<String> = swept.cloned().collect();
        let mut script = Vec::new();
        for key in swept {
            self.put(&mut script, key, None);
        }
        self.put(&mut script, generation.position_key(), Some(zero.into_bytes()));
        self.put(&mut script, POINTER.to_owned(), Some(generation.to_string().into_bytes()));
        self.remember(script);
    }

    /// Writes a batch, unless Redis hangs or is full.
    pub(super) fn write(&mut self, write: Write, random: &mut Random) -> Written {
        if self.refuses > 0 {
            self.refuses -= 1;
            return Written::Failed;
        }
        if self.hangs > 0 {
            self.hangs -= 1;
            if random.chance(70) {
                self.late.push(write);
            }
            return Written::Failed;
        }
        self.run(write)
    }

    /// Runs what was sent while Redis hung: whenever it likes.
    pub(super) fn deliver_late(&mut self, random: &mut Random) {
        if !self.late.is_empty() && random.chance(20) {
            let late = self.late.swap_remove(random.index(self.late.len()));
            self.run(late);
        }
    }

    /// The position, after records that were written apart from it: only a bug does that.
    pub(super) fn write_position(&mut self, live: &Live, next: &Positions) {
        if let Ok(text) = next.to_text() {
            let mut script = Vec::new();
            self.put(&mut script, live.generation.position_key(), Some(text.into_bytes()));
            self.remember(script);
        }
    }

    fn run(&mut self, write: Write) -> Written {
        let Write { live, next, changes } = write;
        let stands = self.find();
        if stands
            .is_none_or(|now| (now.generation, now.text) != (live.generation.clone(), live.text))
        {
            return Written::Moved;
        }
        let Ok(text) = next.to_text() else { return Written::Failed };
        let mut script = Vec::new();
        self.put_changes(&mut script, &live.generation, changes);
        if !seeded::on(Bug::AddInProjector) {
            self.put(&mut script, live.generation.position_key(), Some(text.into_bytes()));
        }
        self.remember(script);
        Written::Done
    }

    fn put_changes(&mut self, script: &mut Script, generation: &Generation, changes: Changes) {
        for (name, contents) in changes.records {
            self.put(script, generation.key(&name), Some(contents));
        }
        for entry in changes.indexes {
            let key = format!("{}\0{}", generation.key(&entry.index), entry.member);
            self.put(script, key, entry.score.map(|score| score.to_string().into_bytes()));
        }
        for parked in changes.parked {
            let key = format!("{}\0{}", generation.key(query::keys::PARKED), parked.name());
            self.put(script, key, Some(parked.reason.into_bytes()));
        }
    }

    /// Everything is gone.
    pub(super) fn flush(&mut self) -> bool {
        self.before.clear();
        let was_empty = self.values.is_empty();
        self.values.clear();
        !was_empty
    }

    /// Back to how it was so many scripts ago. What was on its way to the server is gone.
    pub(super) fn go_back(&mut self, scripts: u64) -> bool {
        self.late.clear();
        let mut undone = false;
        for _ in 0..scripts {
            let Some(script) = self.before.pop_back() else { break };
            undone = true;
            for (key, value) in script.into_iter().rev() {
                set(&mut self.values, key, value);
            }
        }
        undone
    }

    pub(super) fn set_position_back(&mut self) -> bool {
        let Some(live) = self.find() else { return false };
        let is_folded_from = self.late.iter().any(|late| late.live.positions.rows() == 0);
        if live.positions.rows() == 0 || is_folded_from {
            return false;
        }
        self.write_position(&live, &Positions::default());
        true
    }

    pub(super) fn damage_position(&mut self) -> bool {
        let Some(live) = self.find() else { return false };
        self.values.insert(live.generation.position_key(), b"here".to_vec());
        true
    }

    /// Changes a record of the live generation by hand. Says of which.
    pub(super) fn edit_record(&mut self, random: &mut Random) -> Option<String> {
        let Live { generation, .. } = self.find()?;
        let position = generation.position_key();
        let prefix = generation.key("");
        let own = self.values.keys().filter(|key| key.starts_with(&prefix) && **key != position);
        let keys: Vec<String> = own.cloned().collect();
        let key = random.pick(&keys)?.clone();
        let value = random.chance(70).then(|| NONSENSE.to_vec());
        set(&mut self.values, key, value);
        Some(generation.to_string())
    }

    /// Hangs for so many writes.
    pub(super) fn hang(&mut self, writes: u64) -> bool {
        self.hangs = writes;
        true
    }

    /// Is full for so many writes.
    pub(super) fn fill(&mut self, writes: u64) -> bool {
        self.refuses = writes;
        true
    }

    /// Hangs no more, and is full no more. What was sent late may still come.
    pub(super) fn heal(&mut self) {
        (self.hangs, self.refuses) = (0, 0);
    }

    fn text(&self, key: &str) -> Option<&str> {
        std::str::from_utf8(self.values.get(key)?).ok()
    }

    fn put(&mut self, script: &mut Script, key: String, value: Option<Vec<u8>>) {
        let found = set(&mut self.values, key.clone(), value);
        script.push((key, found));
    }

    fn remember(&mut self, script: Script) {
        if self.before.len() == UNDONE_MAX {
            self.before.pop_front();
        }
        self.before.push_back(script);
    }
}

type Script = Vec<(String, Option<Vec<u8>>)>;

fn set(
    values: &mut BTreeMap<String, Vec<u8>>,
    key: String,
    value: Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    match value {
        Some(value) => values.insert(key, value),
        None => values.remove(&key),
    }
}
