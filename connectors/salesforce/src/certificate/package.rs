//! The body of a deploy: the options, then a zip with the component and its package.xml.

use super::component::Component;
use super::xml::{Content, Element, document};
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Result};
use serde_json::json;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The body of a deploy and its content type.
pub(super) fn body(component: &Component, version: &str) -> Result<(String, Bytes)> {
    let zip = zipped(component, version).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the deploy package could not be created").with_cause(cause)
    })?;
    Ok(multipart(&options().to_string(), &zip))
}

/// One package, no tests (there is no code in it), all or nothing.
fn options() -> serde_json::Value {
    json!({"deployOptions": {
        "allowMissingFiles": false, "autoUpdatePackage": false, "checkOnly": false, "ignoreWarnings": true,
        "performRetrieve": false, "purgeOnDelete": false, "rollbackOnError": true, "runTests": null,
        "singlePackage": true, "testLevel": "NoTestRun",
    }})
}

fn zipped(component: &Component, version: &str) -> zip::result::ZipResult<Vec<u8>> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in
        [("package.xml".to_owned(), manifest(component, version)), (component.file(), component.document())]
    {
        zip.start_file(name, stored)?;
        zip.write_all(content.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn manifest(component: &Component, version: &str) -> String {
    let members =
        vec![Element::of_text("members", &component.full_name), Element::of_text("name", component.type_name())];
    let types = Element { name: "types".to_owned(), content: Content::Elements(members) };
    document("Package", &[types, Element::of_text("version", version)])
}

/// Two parts, with a boundary that does not occur in either of them.
fn multipart(options: &str, zip: &[u8]) -> (String, Bytes) {
    let mut boundary = String::from("connector");
    while holds(zip, boundary.as_bytes()) || options.contains(&boundary) {
        boundary.push('-');
    }
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n\
         {options}\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"deploy.zip\"\r\n\
         Content-Type: application/zip\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(zip);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body.into())
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_that_stands_in_the_zip_is_not_taken() {
        let (content_type, body) = multipart("{}", b"a--connector--b connector----");
        assert_eq!(content_type, "multipart/form-data; boundary=connector-----");
        assert!(body.ends_with(b"\r\n--connector-------\r\n"));
    }
}
