//! The report, for people.

use std::collections::BTreeSet;

use protocol::Service;
use terminal::output::plain;
use terminal::table;

use super::{Api, Crossing, Report, What};

impl Report {
    pub fn text(&self) -> String {
        let mut parts = vec![self.table_of_tables(), self.sentence()];
        if !self.crossings.is_empty() {
            parts.extend([self.table_of_crossings(), self.table_of_routes()]);
        }
        let unclear =
            |one: &super::Unclear| plain(&format!("not understood: {}: {}", one.name, one.reason));
        parts.extend(self.unclear.iter().map(unclear));
        parts.extend(self.without_owner());
        parts.join("\n\n")
    }

    fn table_of_tables(&self) -> String {
        let mut table = table::with_header(["table", "rows", "would be owned by"]);
        for one in &self.tables {
            let owner = one.owner.map_or_else(|| "?".to_owned(), |owner| owner.to_string());
            table.add_row([plain(&one.name), one.rows.to_string(), owner]);
        }
        table.to_string()
    }

    fn sentence(&self) -> String {
        let of = |what: What| self.crossings.iter().filter(|one| one.what == what).count();
        let all = self.looked_at;
        format!(
            "{} of {} foreign keys, {} of {} views, {} of {} triggers and {} of {} queries cross a \
             border between services.",
            of(What::ForeignKey),
            all.foreign_keys,
            of(What::View),
            all.views,
            of(What::Trigger),
            all.triggers,
            of(What::Query) + of(What::Transaction),
            all.queries,
        )
    }

    fn table_of_crossings(&self) -> String {
        let mut table = table::with_header(["", "what crosses", "services", "instead"]);
        for crossing in &self.crossings {
            let Crossing { what, owners, instead, .. } = crossing;
            let mut first = [what.name().to_owned(), plain(&crossing.shown()), listed(owners)];
            for api in instead {
                let [what, name, owners] = std::mem::take(&mut first);
                table.add_row([what, name, owners, format!("{}: {}", api.process, api.route)]);
            }
        }
        table.to_string()
    }

    /// How each route replaces what crossed, once.
    fn table_of_routes(&self) -> String {
        let routes: BTreeSet<_> = self.crossings.iter().flat_map(|one| &one.instead).collect();
        let mut table = table::with_header(["", "route", "how it replaces what crossed"]);
        for Api { process, route, how } in routes {
            table.add_row([process, route, how]);
        }
        table.to_string()
    }

    fn without_owner(&self) -> Option<String> {
        let unowned = self.tables.iter().filter(|table| table.owner.is_none());
        let names: Vec<_> = unowned.map(|table| plain(&table.name)).collect();
        (!names.is_empty()).then(|| {
            format!(
                "nobody is known to own {}: say who would, with --owner TABLE=SERVICE",
                names.join(", ")
            )
        })
    }
}

impl Crossing {
    /// Its name; of a foreign key, where it leads, too.
    fn shown(&self) -> String {
        match self.what {
            What::ForeignKey => self.tables.join(" -> "),
            _ => self.name.clone(),
        }
    }
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::ForeignKey => "foreign key",
            Self::View => "view",
            Self::Trigger => "trigger",
            Self::Query => "query",
            Self::Transaction => "transaction",
        }
    }
}

fn listed(owners: &[Service]) -> String {
    owners.iter().map(Service::name).collect::<Vec<_>>().join(", ")
}
