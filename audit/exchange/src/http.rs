//! HTTP/1.1, as much as a witness needs to be spoken to: small bodies with a known length, and bounds on everything.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The most bytes of a request's line and headers together.
const HEAD: u64 = 8 << 10;
/// The most bytes of a request's body: a checkpoint may have a hundred post-quantum signatures.
pub const BODY: u64 = 1 << 20;
/// How many connections are answered at a time; further ones are told to come back.
const CONNECTIONS: usize = 32;
/// How many requests one connection may bring.
const REQUESTS: usize = 100;
/// How long a connection may say nothing.
const SILENCE: Duration = Duration::from_secs(10);

/// A request, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST`, `GET`, …
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The media type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Response {
    /// An answer in plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Response {
        Response { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}

/// Answers what comes to `listener` by `answer`, for ever or until `most` connections have come.
///
/// Each connection has a thread of its own; a fault of one is nobody else's.
pub fn serve(listener: &TcpListener, most: Option<usize>, answer: &(dyn Fn(&Request) -> Response + Sync)) {
    let open = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for stream in listener.incoming().take(most.unwrap_or(usize::MAX)) {
            let Ok(stream) = stream else { continue };
            let open = &open;
            if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
                let _ = reply(&mut &stream, &Response::text(503, "too many connections\n"), false);
                open.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            scope.spawn(move || {
                let _ = converse(&stream, answer);
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
}

fn converse(stream: &TcpStream, answer: &(dyn Fn(&Request) -> Response + Sync)) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(stream);
    for nth in 1..=REQUESTS {
        let (request, mut keep) = match read(&mut reader)? {
            Incoming::Nothing => return Ok(()),
            Incoming::Refused(response) => return reply(&mut &*stream, &response, false),
            Incoming::Request(request, keep) => (request, keep),
        };
        keep &= nth < REQUESTS;
        reply(&mut &*stream, &answer(&request), keep)?;
        if !keep {
            break;
        }
    }
    Ok(())
}

/// What came.
enum Incoming {
    Nothing,
    Refused(Response),
    /// A request, and whether the connection stays open after it.
    Request(Request, bool),
}

fn read(reader: &mut impl BufRead) -> io::Result<Incoming> {
    let mut head = Vec::new();
    // An empty line ends the head; a longer head than the bound looks as if it had ended without one.
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let before = head.len();
        reader.by_ref().take(HEAD.saturating_sub(before as u64)).read_until(b'\n', &mut head)?;
        if head.len() == before {
            let refused = Incoming::Refused(Response::text(431, "the headers are too large or incomplete\n"));
            return Ok(if head.is_empty() { Incoming::Nothing } else { refused });
        }
    }
    let bad = || Ok(Incoming::Refused(Response::text(400, "the request cannot be read\n")));
    let Ok(head) = std::str::from_utf8(&head) else { return bad() };
    let mut lines = head.lines();
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, path, version @ ("HTTP/1.1" | "HTTP/1.0")] = words.as_slice() else { return bad() };
    let (mut length, mut keep) = (None, *version == "HTTP/1.1");
    for line in lines.filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else { return bad() };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => match value.parse::<u64>() {
                Ok(value) if length.is_none_or(|known| known == value) => length = Some(value),
                _ => return bad(),
            },
            ("transfer-encoding", _) => {
                return Ok(Incoming::Refused(Response::text(411, "send the body with its Content-Length\n")));
            }
            ("connection", value) if value.eq_ignore_ascii_case("close") => keep = false,
            _ => {}
        }
    }
    let length = length.unwrap_or(0);
    if length > BODY {
        return Ok(Incoming::Refused(Response::text(413, "the body is too large\n")));
    }
    let mut body = Vec::new();
    reader.by_ref().take(length).read_to_end(&mut body)?;
    if body.len() as u64 != length {
        return bad();
    }
    Ok(Incoming::Request(Request { method: (*method).to_owned(), path: (*path).to_owned(), body }, keep))
}

fn reply(stream: &mut impl Write, response: &Response, keep: bool) -> io::Result<()> {
    let Response { status, content_type, body } = response;
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        422 => "Unprocessable Entity",
        _ => "Error",
    };
    let connection = if keep { "keep-alive" } else { "close" };
    let text = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes())
}

/// An answer from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The media type; empty if none was named.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends `body` to `url` (http or https, certificates checked against the web's roots) and waits at most `patience`.
///
/// Redirects are not followed: where a checkpoint is sent is what the user named. A body of more than `most` bytes is an
/// error, and so is anything but an answer; every status is an answer.
pub fn post(url: &str, content_type: &str, body: &[u8], most: u64, patience: Duration) -> Result<Answer, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into();
    let mut response =
        agent.post(url).content_type(content_type).send(body).map_err(|error| format!("`{url}`: {error}"))?;
    let status = response.status().as_u16();
    let of = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = of.to_owned();
    let body =
        response.body_mut().with_config().limit(most).read_to_vec().map_err(|error| format!("`{url}`: {error}"))?;
    Ok(Answer { status, content_type, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &[u8]) -> u16 {
        match read(&mut &*text).unwrap() {
            Incoming::Refused(response) => response.status,
            Incoming::Nothing => 0,
            Incoming::Request(..) => 200,
        }
    }

    #[test]
    fn requests_out_of_bounds_are_refused() {
        for (text, status) in [
            (b"".to_vec(), 0),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 200),
            (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\n\r\nold".to_vec(), 200),
            (b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nold".to_vec(), 400),
            (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nold".to_vec(), 400),
            (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_vec(), 400),
            (b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n".to_vec(), 413),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(), 411),
            (b"POST / HTTP/2\r\n\r\n".to_vec(), 400),
            (b"hello\n\n".to_vec(), 400),
            (b"GET / HTTP/1.1\r\nno colon\r\n\r\n".to_vec(), 400),
            (b"GET / HTTP/1.1\r\n\xff: x\r\n\r\n".to_vec(), 400),
            ([b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 9_000], b"\r\n\r\n"].concat(), 431),
            (b"GET / HTTP/1.1\r\nX: 1\r\n".to_vec(), 431),
        ] {
            assert_eq!(refused(&text), status, "{:?}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn a_connection_is_kept_and_every_answer_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                serve(&listener, Some(2), &|request| {
                    Response::text(200, format!("{} {}", request.path, request.body.len()))
                });
            });
            let mut stream = TcpStream::connect(address).unwrap();
            for nth in 0..3 {
                write!(stream, "POST /{nth} HTTP/1.1\r\nContent-Length: {nth}\r\n\r\n{}", "x".repeat(nth)).unwrap();
                let mut answer = vec![0; 512];
                let length = stream.read(&mut answer).unwrap();
                let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
                assert!(
                    answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&format!("/{nth} {nth}")),
                    "{answer}"
                );
            }
            drop(stream);
            let answer =
                post(&format!("http://{address}/x"), "text/plain", b"four", 100, Duration::from_secs(5)).unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (200, b"/x 4".as_slice()));
        });
        assert!(post("http://127.0.0.1:1/", "text/plain", b"", 100, Duration::from_secs(2)).is_err());
        assert!(post("not a url", "text/plain", b"", 100, Duration::from_secs(2)).is_err());
    }
}
