//! Between photographs and the buffers of a pipeline.

use anyhow::{bail, ensure, Result};
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

use crate::measure::run::protocol::{Code, Dim, Type};

/// Most channels an image has.
const CHANNELS: i32 = 4;

/// Which dimension of a buffer is what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axes {
    /// Columns.
    pub x: usize,
    /// Rows.
    pub y: usize,
    /// Colours; a gray image has none.
    pub channel: Option<usize>,
}

impl Axes {
    /// The axes of a buffer with these estimates: columns and rows; with colours outermost (planar) or innermost
    /// (interleaved). `None` if it is no image.
    pub fn of(estimates: &[Option<[i32; 2]>]) -> Option<Axes> {
        let colours = |d: usize| estimates[d].is_some_and(|[_, extent]| extent <= CHANNELS);
        match estimates.len() {
            2 => Some(Axes { x: 0, y: 1, channel: None }),
            3 if colours(2) => Some(Axes { x: 0, y: 1, channel: Some(2) }),
            3 if colours(0) => Some(Axes { x: 1, y: 2, channel: Some(0) }),
            _ => None,
        }
    }
}

/// The value of white: 1 for floating point; all of 8 bits; 14 bits of wider integers, as sensors deliver, so that sums of
/// a few pixels do not wrap around.
pub fn white(type_: Type) -> f64 {
    match type_ {
        type_ if type_.is_float() => 1.0,
        Type { code: Code::UInt, bits: 1 } => 1.0,
        Type { code: Code::Int, bits: 8 } => 127.0,
        Type { bits: 8, .. } => 255.0,
        _ => 16383.0,
    }
}

fn write_element(type_: Type, value: f64, elements: &mut Vec<u8>) {
    match (type_.code, type_.bits) {
        (Code::Float, 64) => elements.extend(value.to_le_bytes()),
        (Code::Float, 32) => elements.extend((value as f32).to_le_bytes()),
        (Code::Float, _) => elements.extend(crate::measure::run::half_bits(value as f32).to_le_bytes()),
        (Code::BFloat, _) => elements.extend(&(value as f32).to_le_bytes()[2..]),
        _ => elements.extend(&(value.round() as i64).to_le_bytes()[..type_.bytes()]),
    }
}

/// The photograph as elements of a buffer in order of coordinates, dimension 0 innermost. Coordinates beyond the
/// photograph get its nearest pixel; one channel gets the brightness, a fourth the opacity.
pub fn elements(photo: &RgbaImage, type_: Type, dims: &[Dim], axes: &Axes, white: f64) -> Vec<u8> {
    let total: usize = dims.iter().map(|dim| dim.extent.max(0) as usize).product();
    let mut elements = Vec::with_capacity(total * type_.bytes());
    for index in 0..total {
        let at = coordinates(dims, index);
        let x = at[axes.x].clamp(0, photo.width() as i32 - 1) as u32;
        let y = at[axes.y].clamp(0, photo.height() as i32 - 1) as u32;
        let pixel = photo.get_pixel(x, y).0.map(f64::from);
        let level = match axes.channel {
            Some(d) if dims[d].extent > 1 => pixel[at[d].clamp(0, CHANNELS - 1) as usize],
            _ => 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2],
        };
        write_element(type_, level / 255.0 * white, &mut elements);
    }
    elements
}

fn coordinates(dims: &[Dim], mut index: usize) -> [i32; 3] {
    let mut at = [0; 3];
    for (coordinate, dim) in at.iter_mut().zip(dims) {
        *coordinate = dim.min + (index % dim.extent as usize) as i32;
        index /= dim.extent as usize;
    }
    at
}

/// The elements of a buffer, in order of coordinates, as a picture.
pub fn picture(elements: &[u8], type_: Type, dims: &[Dim], axes: &Axes, white: f64) -> Result<DynamicImage> {
    let [width, height] = [axes.x, axes.y].map(|d| dims[d].extent as u32);
    let channels = axes.channel.map_or(1, |d| dims[d].extent as usize);
    let size = width as usize * height as usize * channels;
    ensure!(elements.len() >= size * type_.bytes(), "the output is not complete");
    let mut pixels = vec![0; size];
    for (index, element) in elements.chunks_exact(type_.bytes()).take(size).enumerate() {
        let at = coordinates(dims, index);
        let relative = |d: usize| (at[d] - dims[d].min) as usize;
        let pixel = relative(axes.y) * width as usize + relative(axes.x);
        let level = crate::measure::run::number(type_, element) / white * 255.0;
        pixels[pixel * channels + axes.channel.map_or(0, relative)] = level.round().clamp(0.0, 255.0) as u8;
    }
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        4 => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        other => bail!("an output of {other} channels is not an image"),
    };
    Ok(picture.expect("the number of pixels is right"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const U16: Type = Type { code: Code::UInt, bits: 16 };
    const F32: Type = Type { code: Code::Float, bits: 32 };

    fn dims(extents: &[i32]) -> Vec<Dim> {
        extents.iter().map(|&extent| Dim { min: 0, extent, stride: 0 }).collect()
    }

    fn photo() -> RgbaImage {
        RgbaImage::from_fn(5, 4, |x, y| image::Rgba([x as u8 * 40, y as u8 * 50, 7, 255]))
    }

    #[test]
    fn axes_by_estimates() {
        let axes = |extents: &[i32]| Axes::of(&extents.iter().map(|&extent| Some([0, extent])).collect::<Vec<_>>());
        assert_eq!(axes(&[64, 64]), Some(Axes { x: 0, y: 1, channel: None }));
        assert_eq!(axes(&[64, 64, 3]), Some(Axes { x: 0, y: 1, channel: Some(2) }));
        assert_eq!(axes(&[3, 64, 64]), Some(Axes { x: 1, y: 2, channel: Some(0) }));
        assert_eq!(axes(&[128, 64, 64]), None);
        assert_eq!(axes(&[64]), None);
    }

    #[test]
    fn colours_survive_both_layouts_and_types() {
        for (extents, type_) in [([5, 4, 3], U16), ([3, 5, 4], F32)] {
            let dims = dims(&extents);
            let axes = Axes::of(&extents.map(|extent| Some([0, if extent == 3 { 3 } else { 64 }]))).unwrap();
            let elements = elements(&photo(), type_, &dims, &axes, white(type_));
            let back = picture(&elements, type_, &dims, &axes, white(type_)).unwrap().to_rgba8();
            assert_eq!(back, photo());
        }
    }

    #[test]
    fn beyond_the_edge_it_repeats() {
        let axes = Axes { x: 0, y: 1, channel: None };
        let wide = [Dim { min: -1, extent: 3, stride: 1 }, Dim { min: 0, extent: 1, stride: 3 }];
        let values = elements(&photo(), U16, &wide, &axes, 255.0);
        assert_eq!(values[..2], values[2..4]);
        assert_ne!(values[2..4], values[4..6]);
    }
}
