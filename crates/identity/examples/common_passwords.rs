//! Makes `data/common-passwords.bin`:
//! `cargo run -p bursar-identity --example common_passwords -- OUTPUT LIST…`
//!
//! A list is a JSON array of texts, or has a password per line. What it is made of stands in
//! `crates/identity/data/README.md`.

use bursar_identity::password::CommonPasswords;
use std::error::Error;
use unicode_normalization::UnicodeNormalization;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let output = arguments.next().ok_or("say where to write the filter")?;
    let mut passwords = Vec::new();
    for list in arguments {
        let text = std::fs::read_to_string(&list)?;
        let lines: Vec<String> = match serde_json::from_str(&text) {
            Ok(array) => array,
            Err(_) => text.lines().map(str::to_owned).collect(),
        };
        passwords.extend(lines.iter().map(|line| line.nfkc().collect::<String>().to_lowercase()));
    }
    std::fs::write(output, CommonPasswords::build(passwords.iter().map(String::as_str)))?;
    Ok(())
}
