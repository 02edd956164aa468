//! Pixels to PNG (RFC 2083): eight bits for red, green and blue, no filter, one stream of zlib.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// The mean of every `zoom` by `zoom` pixels of a picture of `width` pixels a row, three bytes a pixel.
pub(super) fn shrunk(pixels: &[u8], width: usize, zoom: usize) -> Vec<u8> {
    let square = (zoom * zoom) as u16;
    // Down before across: whole rows add up several bytes at a time.
    let mut columns = vec![0u16; width * 3];
    let mut out = Vec::with_capacity(pixels.len() / (zoom * zoom));
    for band in pixels.chunks_exact(width * 3 * zoom) {
        columns.fill(0);
        for row in band.chunks_exact(width * 3) {
            columns.iter_mut().zip(row).for_each(|(sum, &channel)| *sum += u16::from(channel));
        }
        for group in columns.chunks_exact(3 * zoom) {
            let mut sum = [0u16; 3];
            for column in group.chunks_exact(3) {
                sum.iter_mut().zip(column).for_each(|(sum, &column)| *sum += column);
            }
            out.extend(sum.map(|sum| ((sum + square / 2) / square) as u8));
        }
    }
    out
}

/// A picture of three bytes a pixel as a PNG file.
pub(super) fn encoded(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // Bits a channel, RGB, and the only compression, filter method and order of rows that there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &compressed(pixels, width as usize * 3));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn compressed(pixels: &[u8], row: usize) -> Vec<u8> {
    // The best level makes files of flat colours 1 % smaller and takes longer.
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let mut write = || {
        for row in pixels.chunks(row) {
            encoder.write_all(&[0])?;
            encoder.write_all(row)?;
        }
        Ok::<(), std::io::Error>(())
    };
    write().expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

/// Length, name, data, and the check sum of the last two.
fn chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut sum = Crc::new();
    sum.update(name);
    sum.update(data);
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(name);
    out.extend(data);
    out.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_mean_of_its_square() {
        let mut pixels = vec![0u8; 4 * 2 * 3];
        pixels[0] = 100;
        assert_eq!(shrunk(&pixels, 4, 2), [25, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn check_sums_are_those_of_the_standard() {
        let file = encoded(&[0, 0, 0], 1, 1);
        // The end of every PNG file, by RFC 2083.
        assert!(file.ends_with(b"\0\0\0\0IEND\xAE\x42\x60\x82"));
    }
}
