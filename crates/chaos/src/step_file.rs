//! Finds files of steps.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// The files that are meant by these paths: files, and all `.yaml` files of folders.
///
/// # Errors
/// When a folder cannot be read, or there is no file at all.
pub fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries =
            fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let mut found: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        found.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
        found.sort();
        files.extend(found);
    }
    if files.is_empty() {
        bail!("there is no scenario: name files, or folders with .yaml files in them");
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_means_its_yaml_files_in_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yaml", "readme.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = find(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["a.yaml", "b.yaml"]);
        assert!(find(&[]).is_err());
    }
}
