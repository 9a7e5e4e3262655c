//! The declarations of `ffi` against the C headers: offsets, sizes and constants as a C compiler sees them.
use ::sluice_plugin::ffi::*;
use std::mem::{size_of, MaybeUninit};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// One line of what both sides are asked: an expression of C and its value here.
struct Fact {
    expression: String,
    value: i128,
}

fn fact(expression: String, value: i128) -> Fact {
    Fact { expression, value }
}

/// `layout!(facts, sluice_str { ptr, len })`; a member that is a word of Rust is written `loop_ = "loop"`.
macro_rules! layout {
    ($facts:ident, $($type:ident { $($member:ident $(= $name:literal)?),* $(,)? })*) => { $(
        $facts.push(fact(format!("sizeof({})", stringify!($type)), size_of::<$type>() as i128));
        $(
            let place = MaybeUninit::<$type>::uninit();
            let begin = place.as_ptr();
            let member = unsafe { std::ptr::addr_of!((*begin).$member) };
            #[allow(unused_mut, unused_assignments)]
            let mut name = stringify!($member);
            $(name = $name;)?
            let offset = member as usize - begin as usize;
            $facts.push(fact(format!("offsetof({}, {})", stringify!($type), name), offset as i128));
            $facts.push(fact(format!("sizeof((({}*)0)->{})", stringify!($type), name), size_of_pointee(member) as i128));
        )*
    )* };
}

macro_rules! constants {
    ($facts:ident, $($name:ident),* $(,)?) => { $( $facts.push(fact(stringify!($name).into(), $name as i128)); )* };
}

fn size_of_pointee<T>(_: *const T) -> usize {
    size_of::<T>()
}

fn layouts() -> Vec<Fact> {
    let mut facts = Vec::new();
    layout!(facts,
        sluice_str { ptr, len }
        sluice_text_sink { ctx, put }
        sluice_error { struct_size, flags, http_status, retry_after_ms, code, type_ = "type", param, message }
        sluice_host { struct_size, flags, abi_major, abi_minor, ctx, instance, get_interface }
        sluice_manifest {
            owner_bytes, descriptor_bytes, note_type, owner, magic, abi_major, abi_minor, min_host_minor, kinds, flags,
            name, version,
        }
        sluice_header { name, value }
        sluice_request {
            struct_size, flags, request_id, method, path, query, model, client_address, headers, header_count, body,
            body_length, choice_count,
        }
        sluice_response {
            struct_size, flags, http_status, reserved, content_length, content_type, headers, header_count,
        }
        sluice_usage { struct_size, flags, prompt_tokens, completion_tokens, cached_tokens }
        sluice_plugin { struct_size, flags, abi_major, abi_minor, name, version, config_schema, get_interface }
        sluice_call_api {
            struct_size, flags, loop_ = "loop", begin, write, write_event, on_writable, on_cancel, is_cancelled,
            read_body, release_body, finish, fail, attribute, set_attribute,
        }
        sluice_model { struct_size, flags, id, owned_by, created_unix_s }
        sluice_models_api { struct_size, flags, loop_ = "loop", add, done }
        sluice_health_api { struct_size, flags, loop_ = "loop", check, done }
        sluice_backend_api {
            struct_size, flags, paths, path_count, create, destroy, start, models, health, shut_down,
        }
        sluice_host_clock { struct_size, flags, monotonic_ns, unix_ms }
        sluice_command_api { struct_size, flags, name, summary, run }
        sluice_host_folder { struct_size, flags, path }
        sluice_host_log { struct_size, flags, is_enabled, write }
        sluice_host_loop {
            struct_size, flags, count, at, index, is_current, now_ns, post, defer, watch, watch_set, unwatch,
            timer_create, timer_set, timer_stop, timer_destroy,
        }
        sluice_label { name, value }
        sluice_host_metrics { struct_size, flags, counter, gauge, histogram, add, set }
        sluice_summary {
            struct_size, flags, http_status, ended_by, error_code, backend, received_bytes, sent_bytes, duration_ns,
            first_byte_ns, attempts, usage,
        }
        sluice_exchange_api {
            struct_size, flags, loop_ = "loop", request, set_request_header, set_body, set_attribute, attribute,
            response, set_response_header, reply, refuse, resume, on_cancel,
        }
        sluice_middleware_api {
            struct_size, flags, create, destroy, on_head, on_request, on_response, on_chunk, on_complete, is_guarding,
        }
        sluice_quiesce_api { struct_size, flags, quiesce, resume }
        sluice_store_item { key, value }
        sluice_store_answer {
            struct_size, flags, outcome, reserved, value, number, ticket, wait_us, items, item_count, cursor,
        }
        sluice_quota { struct_size, flags, amount, limit, ttl_us }
        sluice_host_store {
            struct_size, flags, open, get, put, remove, add, compare_and_set, scan, take, give_back, renew,
        }
    );
    facts
}

fn values() -> Vec<Fact> {
    let mut facts = Vec::new();
    constants!(
        facts,
        SLUICE_ABI_MAJOR,
        SLUICE_ABI_MINOR,
        SLUICE_OK,
        SLUICE_CANCELLED,
        SLUICE_FULL,
        SLUICE_E_INVALID,
        SLUICE_E_UNSUPPORTED,
        SLUICE_E_STATE,
        SLUICE_E_INTERNAL,
        SLUICE_E_NO_MEMORY,
        SLUICE_ERROR_RELAYED,
        SLUICE_ERROR_UNANSWERED,
        SLUICE_HOST_PROBE,
        SLUICE_MANIFEST_TYPE,
        SLUICE_NEEDS_TYPE,
        SLUICE_MANIFEST_MAGIC,
        SLUICE_MANIFEST_DESCRIPTOR_BYTES,
        SLUICE_KIND_BACKEND,
        SLUICE_KIND_MIDDLEWARE,
        SLUICE_MANIFEST_EXAMPLE,
        SLUICE_BODY_PADDING,
        SLUICE_LENGTH_UNKNOWN,
        SLUICE_REQUEST_STREAM,
        SLUICE_REQUEST_JSON,
        SLUICE_REQUEST_BODY_STREAMED,
        SLUICE_REQUEST_WANTS_USAGE,
        SLUICE_REQUEST_USAGE_INJECTED,
        SLUICE_RESPONSE_EVENTS,
        SLUICE_USAGE_ESTIMATED,
        SLUICE_HEALTH_OK,
        SLUICE_HEALTH_DEGRADED,
        SLUICE_HEALTH_DOWN,
        SLUICE_BACKEND_ASYNC,
        SLUICE_LOG_TRACE,
        SLUICE_LOG_DEBUG,
        SLUICE_LOG_INFO,
        SLUICE_LOG_WARN,
        SLUICE_LOG_ERROR,
        SLUICE_READABLE,
        SLUICE_WRITABLE,
        SLUICE_PEER_CLOSED,
        SLUICE_FAILED,
        SLUICE_CONTINUE,
        SLUICE_REPLY,
        SLUICE_REFUSE,
        SLUICE_PENDING,
        SLUICE_CHUNK_PASS,
        SLUICE_CHUNK_REPLACE,
        SLUICE_CHUNK_DROP,
        SLUICE_CHUNK_END,
        SLUICE_CHUNK_FAIL,
        SLUICE_ENDED_BY_BACKEND,
        SLUICE_ENDED_BY_CLIENT,
        SLUICE_ENDED_BY_MIDDLEWARE,
        SLUICE_ENDED_BY_DEADLINE,
        SLUICE_ENDED_BY_SHUTDOWN,
        SLUICE_ENDED_BY_HOST,
        SLUICE_STORE_OK,
        SLUICE_STORE_ABSENT,
        SLUICE_STORE_CONFLICT,
        SLUICE_STORE_REFUSED,
        SLUICE_STORE_FAILED,
        SLUICE_NAMESPACE_DURABLE,
        SLUICE_QUOTA_QUEUED,
        SLUICE_STORE_MAX_KEY_BYTES,
        SLUICE_STORE_MAX_VALUE_BYTES,
        SLUICE_STORE_MAX_SCAN,
    );
    facts
}

const IDS: &[(&str, &str)] = &[
    ("SLUICE_MANIFEST_OWNER", SLUICE_MANIFEST_OWNER),
    ("SLUICE_BACKEND_ID", SLUICE_BACKEND_ID),
    ("SLUICE_COMMAND_ID", SLUICE_COMMAND_ID),
    ("SLUICE_HOST_CLOCK_ID", SLUICE_HOST_CLOCK_ID),
    ("SLUICE_HOST_FOLDER_ID", SLUICE_HOST_FOLDER_ID),
    ("SLUICE_HOST_LOG_ID", SLUICE_HOST_LOG_ID),
    ("SLUICE_HOST_LOOP_ID", SLUICE_HOST_LOOP_ID),
    ("SLUICE_HOST_METRICS_ID", SLUICE_HOST_METRICS_ID),
    ("SLUICE_HOST_STORE_ID", SLUICE_HOST_STORE_ID),
    ("SLUICE_MIDDLEWARE_ID", SLUICE_MIDDLEWARE_ID),
    ("SLUICE_QUIESCE_ID", SLUICE_QUIESCE_ID),
];

/// SLUICE_INCLUDE, else beside the crate (in the source tree), else where an installed SDK has its headers.
fn include() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let candidates = [here.join("../include"), here.join("../../../include")];
    match std::env::var_os("SLUICE_INCLUDE") {
        Some(folder) => folder.into(),
        None => candidates.iter().find(|each| each.join("sluice/abi.h").exists()).expect("the C headers").clone(),
    }
}

fn headers() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["sluice", "sluice/ext"] {
        for entry in std::fs::read_dir(include().join(folder)).expect("the folder of the headers") {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".h") {
                found.push(Path::new(folder).join(name));
            }
        }
    }
    found
}

/// What a C compiler says about each expression.
fn asked_of_c(expressions: &[String]) -> Vec<String> {
    // The tests of one process run side by side.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("layout{number}.c"));
    let program = source.with_extension("out");
    let mut text = String::from("#include <stdio.h>\n");
    for header in headers() {
        text += &format!("#include \"{}\"\n", header.display());
    }
    text += "#define ASK(expression) _Generic((expression), char*: \"%s\\n\", default: \"%lld\\n\")\n";
    text += "int main(void) {\n";
    for expression in expressions {
        text += &format!("    printf(ASK({expression}), {expression});\n");
    }
    text += "    return 0;\n}\n";
    std::fs::write(&source, text).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let status = Command::new(compiler)
        .args(["-std=c11", "-w", "-include", "stddef.h", "-I"])
        .args([include().as_path(), &source])
        .args(["-o".as_ref(), program.as_os_str()])
        .status()
        .expect("a C compiler");
    assert!(status.success());
    let output = Command::new(program).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn assert_equal(facts: Vec<Fact>) {
    let expressions: Vec<String> = facts.iter().map(|fact| format!("(long long)({})", fact.expression)).collect();
    let answers = asked_of_c(&expressions);
    assert_eq!(answers.len(), facts.len());
    for (fact, answer) in facts.iter().zip(answers) {
        // Constants of 64 bits without a sign come as what printf makes of them.
        let ours = fact.value as i64;
        assert_eq!(ours.to_string(), answer, "{}: left is Rust, right is C", fact.expression);
    }
}

/// The words that the headers define behind `before` and that begin with `start`.
fn defined(before: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    for header in headers() {
        let text = std::fs::read_to_string(include().join(header)).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix(before)) {
            let word: String = line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if word.starts_with(start) && line.trim_end().ends_with('{') {
                found.push(word);
            }
        }
    }
    found
}

#[test]
fn every_member_stands_where_c_has_it() {
    assert_equal(layouts());
}

#[test]
fn every_constant_has_the_value_it_has_in_c() {
    assert_equal(values());
}

#[test]
fn every_id_is_spelled_as_in_c() {
    let names: Vec<String> = IDS.iter().map(|(name, _)| format!("(char*){name}")).collect();
    for ((name, ours), theirs) in IDS.iter().zip(asked_of_c(&names)) {
        assert_eq!(*ours, theirs, "{name}");
    }
}

#[test]
fn no_struct_of_the_headers_is_missing_here() {
    let ours: Vec<String> = layouts().into_iter().map(|fact| fact.expression).collect();
    let structs = defined("typedef struct ", "sluice_");
    assert!(structs.len() > 20, "found only {structs:?} in {}", include().display());
    for name in structs {
        assert!(ours.contains(&format!("sizeof({name})")), "{name} is not compared");
    }
}

#[test]
fn no_enumerator_of_the_headers_is_missing_here() {
    let ours: Vec<String> = values().into_iter().map(|fact| fact.expression).collect();
    for header in headers() {
        let text = std::fs::read_to_string(include().join(header)).unwrap();
        for line in text.lines().filter(|line| line.contains(" = ") && !line.contains("\\")) {
            let word = line.split(" = ").next().unwrap().rsplit([' ', '{', ',']).next().unwrap();
            if word.starts_with("SLUICE_") {
                assert!(ours.contains(&word.to_owned()), "{word} is not compared");
            }
        }
    }
}
