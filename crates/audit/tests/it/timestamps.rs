//! RFC 3161 with `openssl ts` as the authority.

use crate::bundle::{Story, key};
use bursar_audit::anchor::{AnchorObject, TimestampError, TimestampReply, TimestampRequest};
use std::path::Path;
use std::process::Command;

const CONFIG: &str = "\
[req]
distinguished_name = dn
prompt = no
x509_extensions = ext
[dn]
CN = A timestamping authority
[ext]
extendedKeyUsage = critical,timeStamping
basicConstraints = CA:TRUE
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = cert.pem
signer_key = key.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
";

fn openssl(folder: &Path, arguments: &str) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "openssl {arguments}: {text}");
    text
}

#[test]
fn openssl_grants_our_request_and_we_read_its_reply() {
    // claim D2
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("tsa.cnf"), CONFIG).unwrap();
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -config tsa.cnf",
    );
    let head = Story::new(5).head(11, &key(1));
    std::fs::write(folder.join("5.checkpoint"), head.as_str()).unwrap();
    for nonce in [[7; 16], [0xff; 16]] {
        let request = TimestampRequest::new(&head, nonce);
        std::fs::write(folder.join("5.tsq"), request.to_der()).unwrap();
        let text = openssl(folder, "ts -query -in 5.tsq -text");
        assert!(
            text.contains("Hash Algorithm: sha256") && text.contains("Certificate required: yes"),
            "{text}"
        );
        openssl(folder, "ts -reply -queryfile 5.tsq -config tsa.cnf -section one -out 5.tsr");
        let reply = std::fs::read(folder.join("5.tsr")).unwrap();
        let read = TimestampReply::read(&reply, &request).unwrap();
        assert!(!read.serial.is_empty());
        let shown = openssl(folder, "ts -reply -in 5.tsr -text");
        assert!(
            shown.contains(&read.time.format("%b %e %H:%M:%S %Y GMT").to_string()),
            "{shown} {}",
            read.time
        );
        // What the bundle's README.md tells the auditor to do.
        let verified = openssl(folder, "ts -verify -data 5.checkpoint -in 5.tsr -CAfile cert.pem");
        assert!(verified.contains("Verification: OK"), "{verified}");

        let other = TimestampRequest::new(&Story::new(6).head(13, &key(1)), nonce);
        assert_eq!(TimestampReply::read(&reply, &other), Err(TimestampError::OtherDigest));
        let again = TimestampRequest::new(&head, [8; 16]);
        assert_eq!(TimestampReply::read(&reply, &again), Err(TimestampError::OtherRequest));
        for end in (0..reply.len()).step_by(17) {
            assert!(TimestampReply::read(&reply[..end], &request).is_err());
        }
    }
    // Status 2, rejection: SEQUENCE { SEQUENCE { INTEGER 2 } }.
    let refused = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
    let request = TimestampRequest::new(&head, [1; 16]);
    assert_eq!(TimestampReply::read(&refused, &request), Err(TimestampError::Refused(2)));
}

#[test]
fn objects_sort_by_size() {
    let story = Story::new(5);
    let object = AnchorObject::of(&story.head(11, &key(1)));
    assert_eq!(
        object.name,
        "bursar/wsp_00000000000000000000000000000007/00000000000005-20261122T143331Z.checkpoint"
    );
    assert_eq!(object.content, story.head(11, &key(1)).as_str());
}
