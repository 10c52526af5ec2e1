//! Text in an encoding whose bytes can look like delimiters, as UTF-8.

use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::io::{self, Read};

/// Stands for bytes that are not in the encoding. It is no UTF-8 either, so the row that contains it is an error.
const INVALID: u8 = 0xff;

const BLOCK: usize = 64 * 1024;

/// Decodes a block at a time.
pub(crate) struct Transcoded<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// The bytes of `input` that are not decoded yet.
    left: std::ops::Range<usize>,
    output: Vec<u8>,
    given: usize,
    is_read: bool,
    is_done: bool,
}

impl<R: Read> Transcoded<R> {
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: vec![0; BLOCK],
            left: 0..0,
            output: Vec::new(),
            given: 0,
            is_read: false,
            is_done: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.given = 0;
        while self.output.is_empty() && !self.is_done {
            if self.left.is_empty() && !self.is_read {
                let length = self.inner.read(&mut self.input)?;
                self.left = 0..length;
                self.is_read = length == 0;
            }
            self.output.resize(BLOCK * 2, 0);
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.input[self.left.clone()],
                &mut self.output,
                self.is_read,
            );
            self.left.start += read;
            self.output.truncate(written);
            match result {
                DecoderResult::InputEmpty => self.is_done = self.is_read,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.output.push(INVALID),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.output.len() {
            self.fill()?;
        }
        let length = buffer.len().min(self.output.len() - self.given);
        buffer[..length].copy_from_slice(&self.output[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}
