//! Pixels to PNG (RFC 2083): eight bits for red, green and blue, no filter, one stream of zlib.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// The mean of every `zoom` by `zoom` pixels of a picture of `width` pixels a row, three bytes a pixel.
pub(super) fn shrunk(pixels: &[u8], width: usize, zoom: usize) -> Vec<u8> {
    let row = width * 3;
    let small = width / zoom * 3;
    let mut out = Vec::with_capacity(pixels.len() / (zoom * zoom));
    for band in pixels.chunks_exact(row * zoom) {
        for at in 0..small {
            let (column, channel) = (at / 3 * zoom, at % 3);
            let sum: usize = (0..zoom)
                .flat_map(|y| (0..zoom).map(move |x| y * row + (column + x) * 3 + channel))
                .map(|at| usize::from(band[at]))
                .sum();
            out.push(((sum + zoom * zoom / 2) / (zoom * zoom)) as u8);
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
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
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
