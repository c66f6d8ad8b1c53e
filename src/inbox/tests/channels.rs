use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;

use super::{
    servers::{Http, Smtp},
    *,
};
use crate::{
    base::Outgoing,
    inbox::{Choice, Level, Notice},
};

fn notice(title: &str) -> Notice {
    Notice {
        kind: "service-failed".into(),
        level: Level::Urgent,
        title: title.into(),
        body: "exit code 1 <b>".into(),
        workspace: Some("shop".parse().unwrap()),
        agent: None,
        task: None,
    }
}

fn full() -> NewItem {
    let option = |id: &str| Choice { id: id.into(), words: format!("the {id} one") };
    NewItem {
        workspace: Some("shop".parse().unwrap()),
        agent: Some("coder".into()),
        body: "see <!channel> & co".into(),
        options: vec![option("red"), option("blue")],
        ..question("Which colour?")
    }
}

#[tokio::test]
async fn a_webhook_gets_signed_json() {
    let server = Http::start(|_, _| Some((204, String::new()))).await;
    let config = "[notify.hook]\nkind = 'webhook'\nurl = 'env:HOOK'\nsecret = 'env:KEY'\n";
    let home = Home::real(config).set("HOOK", format!("{}/in?x=1", server.url)).set("KEY", "k");
    let (inbox, ledger) = home.start().await;
    let id = inbox.raise(full()).await.unwrap();
    let request = server.requests(1).await.remove(0);
    assert_eq!(request.line, "POST /in?x=1 HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"k").unwrap();
    mac.update(request.body.as_bytes());
    let digits = request.header("x-gaia-signature-256").unwrap().strip_prefix("sha256=").unwrap();
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect();
    mac.verify_slice(&bytes).unwrap();
    let body = request.json();
    assert_eq!(
        (&body["item"], &body["kind"], &body["workspace"], &body["options"][1]["id"]),
        (&json!(id), &json!("question"), &json!("shop"), &json!("blue"))
    );
    let sent = facts(&ledger, "notice.sent", 1).await.remove(0);
    assert_eq!(
        sent.body,
        json!({
            "channel": "hook", "item": id, "kind": "question", "title": "Which colour?",
        })
    );
}

#[tokio::test]
async fn slack_gets_text_that_calls_nobody() {
    let server = Http::start(|_, _| Some((200, "ok".into()))).await;
    let config = "[notify.team]\nkind = 'slack'\nurl = 'env:SLACK'\n";
    let home = Home::real(config).set("SLACK", format!("{}/services/T/B/x", server.url));
    let (inbox, _) = home.start().await;
    let id = inbox.raise(full()).await.unwrap();
    let request = server.requests(1).await.remove(0);
    assert_eq!(request.line, "POST /services/T/B/x HTTP/1.1");
    let wanted = format!(
        "*Which colour?*\n_question · shop · coder_\nsee &lt;!channel&gt; &amp; co\n\n1. the red one (red)\n2. the blue one (blue)\n\ngaia answer {id} …"
    );
    assert_eq!(request.json(), json!({ "text": wanted }));
}

#[tokio::test]
async fn replies_on_telegram_are_answers() {
    let updates = |chat: i64, reply_to: i64, text: &str| {
        let message = json!({
            "message_id": 900, "chat": { "id": chat }, "text": text,
            "from": { "username": "ann" }, "reply_to_message": { "message_id": reply_to },
        });
        json!({ "update_id": 5, "message": message })
    };
    let (open, gate) = tokio::sync::watch::channel(false);
    let server = Http::gated(gate, move |request, _| {
        let body = request.json();
        let result = match request.line.split(' ').nth(1).unwrap() {
            "/bot1:abc/sendMessage" => json!({ "message_id": 77 }),
            // First what a stranger says, then what is no option, then the answer.
            "/bot1:abc/getUpdates" => match body["offset"].as_i64().unwrap() {
                0 => json!([updates(666, 77, "red"), updates(-42, 4, "to something else")]),
                6 => json!([{ "update_id": 6, "message": updates(-42, 77, "   ")["message"] }]),
                7 => json!([{ "update_id": 7, "message": updates(-42, 77, "2")["message"] }]),
                _ => return None,
            },
            other => panic!("{other}"),
        };
        Some((200, json!({ "ok": true, "result": result }).to_string()))
    })
    .await;
    let config = format!(
        "[notify.phone]\nkind = 'telegram'\ntoken = 'env:TOKEN'\nchat = -42\nserver = '{}'\n",
        server.url
    );
    let (inbox, ledger) = Home::real(&config).set("TOKEN", "1:abc").start().await;
    inbox.notify(notice("before"));
    facts(&ledger, "notice.sent", 1).await;
    let id = inbox.raise(full()).await.unwrap();
    // Nobody replies to a message before it is there.
    facts(&ledger, "notice.sent", 2).await;
    open.send(true).unwrap();
    let item = closed(&inbox, &id).await;
    assert_eq!(item.answer().unwrap().option.as_deref(), Some("blue"));
    let answered = facts(&ledger, "inbox.answered", 1).await.remove(0);
    assert_eq!((&answered.body["by"], &answered.body["via"]), (&json!("ann"), &json!("phone")));
    let all = server.requests(5).await;
    let sent: Vec<_> = all.iter().filter(|r| r.line.contains("sendMessage")).collect();
    assert_eq!(sent[1].json()["chat_id"], -42);
    assert!(sent[1].json()["text"].as_str().unwrap().contains("see <!channel> & co"));
    let refused = sent[2].json();
    assert_eq!(refused["reply_parameters"]["message_id"], 900);
    assert!(refused["text"].as_str().unwrap().contains("there is no answer"), "{refused}");
}

#[tokio::test]
async fn a_letter_goes_to_a_mail_server() {
    let server = Smtp::start().await;
    let config = format!(
        "[notify.post]\nkind = 'email'\nserver = '{}'\ntls = 'none'\nfrom = 'gaia@example.com'\nto = ['ann@example.com', 'Bob <bob@example.com>']\n",
        server.address
    );
    let (inbox, ledger) = Home::real(&config).start().await;
    inbox.notify(notice("api is down\r\nBcc: eve@example.com"));
    facts(&ledger, "notice.sent", 1).await;
    let said = server.said.lock().unwrap().join("\n");
    for part in [
        "MAIL FROM:<gaia@example.com>",
        "RCPT TO:<ann@example.com>",
        "RCPT TO:<bob@example.com>",
        "From: gaia@example.com",
        "Subject: [gaia] api is down",
        "service-failed",
        "exit code 1 <b>",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("\nBcc:") && !said.contains("RCPT TO:<eve"), "{said}");
}

#[tokio::test]
async fn the_desktop_gets_arguments_and_no_shell() {
    let fake = FakeNotifier::default();
    let home = Home::with("[notify.desk]\nkind = 'desktop'\n", Arc::new(fake.clone()));
    let home = home.set("DISPLAY", ":1").set("SLACK", "secret");
    let (inbox, ledger) = home.start().await;
    inbox.notify(notice("--help; $(touch x)"));
    facts(&ledger, "notice.sent", 1).await;
    let Outgoing::Run { argv, env, .. } = fake.given().remove(0) else { panic!() };
    assert_eq!(
        argv,
        [
            "notify-send",
            "--app-name",
            "gaia",
            "--urgency",
            "critical",
            "--",
            "--help; $(touch x)",
            "service-failed · shop\nexit code 1 &lt;b&gt;",
        ]
    );
    assert_eq!(env.keys().collect::<Vec<_>>(), ["DISPLAY"]);
}

#[tokio::test]
async fn a_real_program_is_run_for_the_desktop() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (program, out) = (folder.path().join("notify-send"), folder.path().join("out"));
    let script = format!("#!/bin/sh\nprintf '%s|' \"$@\" > {}\n", out.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let asked = Outgoing::Run {
        argv: vec![program.display().to_string(), "a b".into(), "$(id)".into()],
        env: BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]),
        timeout: PATIENCE,
    };
    SystemNotifier::new(Arc::new(SystemProber)).send(&asked).await.unwrap();
    assert_eq!(std::fs::read_to_string(out).unwrap(), "a b|$(id)|");
}

#[tokio::test]
async fn a_channel_is_tried_again_and_given_up_without_holding_anybody_up() {
    let server = Http::start(|_, before| match before {
        0 => Some((503, String::new())),
        1 => Some((429, "slow down".into())),
        2 => Some((200, String::new())),
        3 => Some((404, "no_service".into())),
        _ => Some((500, "broken".into())),
    })
    .await;
    let config = "[notify.team]\nkind = 'slack'\nurl = 'env:SLACK'\n";
    let home = Home::real(config).set("SLACK", format!("{}/secret-path", server.url));
    let (inbox, ledger) = home.start().await;
    inbox.notify(notice("at last"));
    facts(&ledger, "notice.sent", 1).await;
    assert_eq!(server.requests(3).await.len(), 3);
    // What cannot be cured is not tried again.
    inbox.notify(notice("not there"));
    facts(&ledger, "notice.failed", 1).await;
    assert_eq!(server.requests(4).await.len(), 4);
    inbox.notify(notice("broken"));
    let failed = facts(&ledger, "notice.failed", 2).await;
    assert_eq!(server.requests(8).await.len(), 8);
    assert_eq!(failed[1].body["error"], "the server answered 500: broken");
    // Nobody there at all; the address, which is a secret, is not told.
    let gone = Home::real(config).set("SLACK", "http://127.0.0.1:1/secret-path");
    let (inbox, ledger) = gone.start().await;
    inbox.notify(notice("x"));
    let failed = facts(&ledger, "notice.failed", 1).await.remove(0).body.to_string();
    assert!(failed.contains("refused") && !failed.contains("secret-path"), "{failed}");
}

#[tokio::test]
async fn each_channel_gets_what_it_is_for_and_nothing_twice() {
    let fake = FakeNotifier::default();
    let config = "[notify.a]\nkind = 'desktop'\non = ['question']\n[notify.b]\nkind = 'desktop'\nworkspace = 'shop'\n[notify.c]\nkind = 'desktop'\nworkspace = 'bank'\n";
    let (inbox, ledger) = Home::with(config, Arc::new(fake.clone())).start().await;
    for _ in 0..3 {
        inbox.notify(notice("down"));
    }
    inbox.raise(full()).await.unwrap();
    inbox.raise(question("of no workspace")).await.unwrap();
    let sent = facts(&ledger, "notice.sent", 4).await;
    let mut told: Vec<_> = sent
        .iter()
        .map(|e| format!("{} {}", e.body["channel"], e.body["title"]).replace('"', ""))
        .collect();
    told.sort();
    assert_eq!(told, ["a Which colour?", "a of no workspace", "b Which colour?", "b down"]);
    assert_eq!(fake.given().len(), 4);
}

#[tokio::test]
async fn what_a_crash_kept_from_being_told_is_told() {
    let silent = Home::new();
    let (inbox, _) = silent.start().await;
    inbox.raise(full()).await.unwrap();
    drop(inbox);
    let fake = FakeNotifier::default();
    let config = "[notify.a]\nkind = 'desktop'\n".into();
    let home = Home { config, notifier: Arc::new(fake.clone()), ..silent };
    let (inbox, ledger) = home.start().await;
    facts(&ledger, "notice.sent", 1).await;
    drop(inbox);
    // Told once is enough, however often a daemon starts.
    let (inbox, ledger) = home.start().await;
    inbox.notify(notice("marks the end"));
    facts(&ledger, "notice.sent", 2).await;
    assert_eq!(fake.given().len(), 2);
}

#[tokio::test]
async fn what_wants_a_secret_line_is_never_sent_over_an_open_one() {
    use tokio::io::AsyncReadExt;
    let mails = Smtp::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = format!(
        "[notify.post]\nkind = 'email'\nserver = '{}'\nuser = 'ann'\npassword = 'env:P'\nfrom = 'a@b.c'\nto = ['d@e.f']\n[notify.team]\nkind = 'slack'\nurl = 'env:S'\n",
        mails.address
    );
    let url = format!("https://{}/secret-path", listener.local_addr().unwrap());
    let home = Home::real(&config).set("S", url).set("P", "pass-word");
    let (inbox, ledger) = home.start().await;
    inbox.notify(notice("x"));
    let mut first = [0; 1];
    listener.accept().await.unwrap().0.read_exact(&mut first).await.unwrap();
    // A TLS handshake, not a request.
    assert_eq!(first, [0x16]);
    drop(listener);
    let failed = facts(&ledger, "notice.failed", 2).await;
    assert!(failed.iter().all(|entry| !entry.body.to_string().contains("secret-path")));
    let said = mails.said.lock().unwrap().join(" ");
    assert!(said.contains("EHLO") && !said.contains("AUTH") && !said.contains("MAIL"), "{said}");
}
