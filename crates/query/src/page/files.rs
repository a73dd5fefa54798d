//! The files of the page, as they are part of the program.

use runtime::warp::http::HeaderValue;
use sha2::{Digest as _, Sha256};

#[derive(Debug)]
pub struct File {
    /// Its path below `/page/`.
    pub path: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

macro_rules! file {
    ($path:literal) => {
        File { path: $path, bytes: include_bytes!(concat!("../../page/", $path)) }
    };
}

/// The page itself.
pub static INDEX: File = file!("index.html");

/// All that it asks for.
pub static FILES: &[File] = &[
    file!("mark.svg"),
    file!("style/forms.css"),
    file!("style/frame.css"),
    file!("style/graph.css"),
    file!("style/panels.css"),
    file!("style/sheet.css"),
    file!("style/tokens.css"),
    file!("js/actions/customers.js"),
    file!("js/actions/field.js"),
    file!("js/actions/form.js"),
    file!("js/actions/offer.js"),
    file!("js/actions/orders.js"),
    file!("js/actions/owners.js"),
    file!("js/actions/products.js"),
    file!("js/ask.js"),
    file!("js/charts.js"),
    file!("js/connection.js"),
    file!("js/counters.js"),
    file!("js/currencies.js"),
    file!("js/dom.js"),
    file!("js/exact.js"),
    file!("js/foot.js"),
    file!("js/format.js"),
    file!("js/health.js"),
    file!("js/keys.js"),
    file!("js/lag.js"),
    file!("js/main.js"),
    file!("js/notice.js"),
    file!("js/operation.js"),
    file!("js/rates.js"),
    file!("js/reasons.js"),
    file!("js/router.js"),
    file!("js/search.js"),
    file!("js/series.js"),
    file!("js/session.js"),
    file!("js/span.js"),
    file!("js/store.js"),
    file!("js/theme-early.js"),
    file!("js/theme.js"),
    file!("js/title.js"),
    file!("js/tones.js"),
    file!("js/ways.js"),
    file!("js/graph/draw.js"),
    file!("js/graph/layout.js"),
    file!("js/graph/newcomers.js"),
    file!("js/graph/panel.js"),
    file!("js/panels/figures.js"),
    file!("js/panels/health.js"),
    file!("js/panels/latencies.js"),
    file!("js/panels/leaders.js"),
    file!("js/panels/newest.js"),
    file!("js/panels/operation.js"),
    file!("js/panels/reasons.js"),
    file!("js/panels/sales.js"),
    file!("js/panels/stuck.js"),
    file!("js/sheet/audit.js"),
    file!("js/sheet/content.js"),
    file!("js/sheet/customer.js"),
    file!("js/sheet/filters.js"),
    file!("js/sheet/lanes.js"),
    file!("js/sheet/new.js"),
    file!("js/sheet/next.js"),
    file!("js/sheet/order.js"),
    file!("js/sheet/orders.js"),
    file!("js/sheet/parked.js"),
    file!("js/sheet/processes.js"),
    file!("js/sheet/product.js"),
    file!("js/sheet/read-model.js"),
    file!("js/sheet/sheet.js"),
    file!("js/sheet/travel.js"),
    file!("vendor/inter/LICENSE"),
    file!("vendor/inter/inter-latin-wght-normal.woff2"),
    file!("vendor/uplot/LICENSE"),
    file!("vendor/uplot/uPlot.iife.min.js"),
    file!("vendor/uplot/uPlot.min.css"),
];

impl File {
    /// Its content type, by its name.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("woff2") => "font/woff2",
            _ => "text/plain; charset=utf-8",
        }
    }
}

/// A tag that differs whenever the bytes do.
#[must_use]
pub fn tag(bytes: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use contracts::money::iso4217;

    use super::*;

    fn below(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { found.push(path.display().to_string()) }
        }
    }

    #[test]
    fn every_file_of_the_page_is_a_part_of_the_program() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut found = Vec::new();
        below(&page, &mut found);
        let not_sent = ["index.html", "vendor/README.md"];
        for path in found {
            let path = path.strip_prefix(&format!("{}/", page.display())).unwrap();
            let listed = FILES.iter().any(|file| file.path == path);
            assert!(listed || not_sent.contains(&path), "{path} is never sent");
        }
    }

    #[test]
    fn the_page_knows_the_decimals_of_every_currency() {
        let file = FILES.iter().find(|file| file.path == "js/currencies.js").unwrap();
        let file = std::str::from_utf8(file.bytes).unwrap();
        for decimals in [0, 3, 4] {
            let of = |(code, has): (&'static str, u32)| (has == decimals).then_some(code);
            let codes: Vec<_> = iso4217::active().into_iter().filter_map(of).collect();
            let line = format!("  {decimals}: \"{}\",\n", codes.join(" "));
            assert!(file.contains(&line), "it has to say {line}");
        }
        let others = |(_, decimals): &(&str, u32)| ![0, 2, 3, 4].contains(decimals);
        assert_eq!(iso4217::active().iter().find(|one| others(one)), None);
    }
}
