//! Writes the documents of the contract with loyalty in it, as `murmur contract docs` writes those of the shop
//! alone: `cargo run -p loyalty --example documents -- FOLDER`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| "loyalty-contract".into());
    for document in contract_docs::documents(&loyalty::declaration::CHOREOGRAPHY) {
        let file = Path::new(&folder).join(document.path);
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new(&folder)))?;
        std::fs::write(file, document.text)?;
    }
    Ok(())
}
