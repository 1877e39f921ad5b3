//! Every address inside, in every spelling, is refused.

use super::*;

fn refused(text: &str) -> GuardError {
    Guard::public().check(text).expect_err(text)
}

// claim G2: no address inside can be written so that it passes.
#[test]
fn every_spelling_of_an_inside_address_is_refused() {
    for text in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://0/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        "https://１２７.0.0.1/",
        "https://%31%32%37.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.0.1/",
        "https://172.16.0.1/",
        "https://100.64.0.1/",
        "https://0xa.0.0.1/",
        "https://012.0.0.1/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https:\\\\127.0.0.1\\",
        "https:/127.0.0.1/",
        "https:127.0.0.1",
        "https://127.0.0.1%2f/",
        "https://127.0.0.1#@receiver.example.com/",
        "https://127.0.0.1?@receiver.example.com/",
    ] {
        let error = refused(text);
        assert!(matches!(error, GuardError::Literal(_) | GuardError::Url), "{text}: {error}");
    }
    // A public address is no name either: what it is today it need not be tomorrow.
    assert!(matches!(refused("https://8.8.8.8/"), GuardError::Literal(_)));
}

#[test]
fn metadata_services_are_refused_by_name_and_address() {
    for text in [
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://0xa9fea9fe/",
        "https://2852039166/",
        "https://169.254.43518/",
        "https://[fd00:ec2::254]/",
        "https://168.63.129.16/",
        "https://100.100.100.200/",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://METADATA.google.internal./",
        "https://metadata/",
        "https://instance-data/",
        "https://metadata.goog/",
    ] {
        assert!(matches!(refused(text), GuardError::Metadata(_)), "{text}: {}", refused(text));
        let open = Guard::public().allowing(["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]);
        assert!(matches!(open.check(text), Err(GuardError::Metadata(_))), "{text} although all is allowed");
    }
}

#[test]
fn names_inside_are_refused() {
    for text in [
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://db/",
        "https://printer.local/",
        "https://api.internal/",
        "https://bursar.default.svc/",
        "https://bursar.default.svc.cluster.local/",
        "https://router.lan/",
        "https://x.home.arpa/",
        "https://localhost.localdomain/",
        "https://ｌocalhost/",
    ] {
        assert!(matches!(refused(text), GuardError::Name(_)), "{text}: {}", refused(text));
    }
    for text in [
        "https://hooks.slack.com/services/T0/B0/x",
        "https://mylocal.example.com/",
        "https://svc.example.com/",
    ] {
        Guard::public().check(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn schemes_ports_and_user_names_are_looked_at() {
    assert!(matches!(refused("http://receiver.example.com/"), GuardError::Scheme(_)));
    for text in
        ["ftp://receiver.example.com/", "file:///etc/passwd", "gopher://receiver.example.com/", "data:,x"]
    {
        assert!(matches!(refused(text), GuardError::Scheme(_)), "{text}");
    }
    for text in [
        "https://user@receiver.example.com/",
        "https://user:pw@receiver.example.com/",
        "https://receiver.example.com@127.0.0.1/",
    ] {
        assert!(matches!(refused(text), GuardError::Credentials | GuardError::Literal(_)), "{text}");
    }
    for port in [22, 25, 80, 6379, 8443, 11211] {
        assert_eq!(refused(&format!("https://receiver.example.com:{port}/")), GuardError::Port(port));
    }
    let guard = Guard::public().with_ports([8443]);
    assert_eq!(guard.reach(&guard.check("https://receiver.example.com:8443/").unwrap()), Ok(Reach::Public));
    for text in
        ["", "https://", "receiver.example.com", "https://a b/", "https://receiver.example.com/\r\nHost: x"]
    {
        assert_eq!(refused(text), GuardError::Url, "{text:?}");
    }
    assert_eq!(refused(&format!("https://receiver.example.com/{}", "x".repeat(MAX_URL))), GuardError::Url);
}

#[test]
fn an_allowed_network_opens_itself_and_nothing_else() {
    let guard = Guard::public().allowing(["10.1.0.0/16".parse().unwrap()]);
    for text in [
        "http://10.1.2.3:8080/",
        "http://receiver.internal/",
        "https://receiver.example.com:9443/",
        "https://[::ffff:10.1.0.1]/",
    ] {
        let url = guard.check(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(guard.reach(&url), Ok(Reach::AllowedOnly), "{text}");
    }
    for text in ["http://10.2.0.1/", "http://127.0.0.1/", "http://[::1]/"] {
        assert!(matches!(guard.check(text), Err(GuardError::Literal(_))), "{text}");
    }
    let (inside, public) = ("10.1.9.9".parse().unwrap(), "1.1.1.1".parse().unwrap());
    let other = "10.2.0.1".parse().unwrap();
    assert!(guard.admits(Reach::AllowedOnly, "receiver.internal", inside).is_ok());
    assert!(guard.admits(Reach::AllowedOnly, "receiver.internal", public).is_err(), "plain http to anywhere");
    assert!(guard.admits(Reach::AllowedOnly, "receiver.internal", other).is_err());
    assert!(guard.admits(Reach::Public, "receiver.example.com", other).is_err());
}

#[test]
fn what_is_refused_is_told_without_path_or_query() {
    let error = refused("https://127.0.0.1/services/T000/B000/secret?token=secret");
    assert!(!error.to_string().contains("secret"), "{error}");
}
