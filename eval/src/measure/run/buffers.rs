//! Buffers of a pipeline: memory, layout, and their elements in order of coordinates.

use halide_runtime_sys::{halide_buffer_t, halide_dimension_t, halide_type_t};

use super::protocol::{Code, Dim, Type};
use super::values::{mix, write_value};

/// `[min, extent]` of one dimension.
pub type Region = [i32; 2];

/// Halide wants no more than 128-byte alignment of any target.
#[derive(Clone, Copy)]
#[repr(C, align(128))]
struct Line([u8; 128]);

/// A buffer with memory.
pub struct Buffer {
    /// Element type.
    pub type_: Type,
    /// Its layout.
    pub dims: Vec<Dim>,
    lines: Vec<Line>,
}

/// Lays out `region` without gaps, dimensions in the order of the strides in `queried`. Where a queried stride is larger
/// than needed it is kept, since the pipeline may demand it.
pub fn lay_out(region: &[Region], queried: &[Dim]) -> Vec<Dim> {
    let mut order: Vec<usize> = (0..region.len()).collect();
    // Stable, so that dimensions of one element keep their order.
    order.sort_by_key(|&d| queried.get(d).map_or(0, |dim| dim.stride));
    let mut dims: Vec<Dim> = region.iter().map(|&[min, extent]| Dim { min, extent, stride: 0 }).collect();
    let mut dense: i64 = 1;
    for d in order {
        let stride = dense.max(queried.get(d).map_or(1, |dim| i64::from(dim.stride)));
        dims[d].stride = i32::try_from(stride).unwrap_or(i32::MAX);
        dense = stride * i64::from(dims[d].extent.max(1));
    }
    dims
}

/// Smallest region that covers both.
pub fn union(a: &[Region], b: &[Dim]) -> Vec<Region> {
    let cover = |(&[min, extent], dim): (&Region, &Dim)| {
        if dim.extent <= 0 {
            return [min, extent];
        }
        let low = min.min(dim.min);
        let high = (i64::from(min) + i64::from(extent)).max(i64::from(dim.min) + i64::from(dim.extent));
        [low, i32::try_from(high - i64::from(low)).unwrap_or(i32::MAX)]
    };
    a.iter().zip(b).map(cover).collect()
}

/// The second region; the first one in dimensions where the second is empty.
pub fn replace(a: &[Region], b: &[Dim]) -> Vec<Region> {
    a.iter().zip(b).map(|(&old, dim)| if dim.extent <= 0 { old } else { [dim.min, dim.extent] }).collect()
}

/// Number of elements.
pub fn count(dims: &[Dim]) -> usize {
    dims.iter().map(|dim| usize::try_from(dim.extent).unwrap_or(0)).product()
}

/// Elements from the first to one after the last.
fn span(dims: &[Dim]) -> usize {
    if count(dims) == 0 {
        return 0;
    }
    1 + dims.iter().map(|dim| (dim.extent as usize - 1) * dim.stride as usize).sum::<usize>()
}

/// Visits the rows along the first dimension, in order of coordinates: coordinates of the other dimensions, and the
/// offset in elements of the row's first element.
fn for_each_row(dims: &[Dim], mut visit: impl FnMut(&[i32], usize)) {
    if count(dims) == 0 {
        return;
    }
    let outer = dims.get(1..).unwrap_or(&[]);
    let mut at: Vec<i32> = outer.iter().map(|dim| dim.min).collect();
    let mut offset = 0;
    loop {
        visit(&at, offset);
        let mut d = 0;
        loop {
            let Some(dim) = outer.get(d) else { return };
            at[d] += 1;
            offset += dim.stride as usize;
            if at[d] - dim.min < dim.extent {
                break;
            }
            at[d] = dim.min;
            offset -= dim.extent as usize * dim.stride as usize;
            d += 1;
        }
    }
}

/// The first dimension; a scalar is a row of one.
fn row(dims: &[Dim]) -> Dim {
    dims.first().copied().unwrap_or(Dim { min: 0, extent: 1, stride: 1 })
}

impl Buffer {
    /// Allocates a buffer and sets every byte to `fill`.
    pub fn new(type_: Type, dims: &[Dim], fill: u8) -> Buffer {
        let bytes = span(dims) * type_.bytes();
        Buffer { type_, dims: dims.to_vec(), lines: vec![Line([fill; 128]); bytes.div_ceil(128).max(1)] }
    }

    /// Bytes its elements take.
    pub fn bytes(&self) -> u64 {
        (count(&self.dims) * self.type_.bytes()) as u64
    }

    /// First byte of the element at the smallest coordinates.
    pub fn host(&mut self) -> *mut u8 {
        self.lines.as_mut_ptr().cast()
    }

    fn memory(&self) -> &[u8] {
        // SAFETY: `Line` is 128 bytes without padding, all of them initialised; any byte pattern is a valid u8.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * 128) }
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `memory`, and `self` is borrowed mutably for as long as the slice lives.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * 128) }
    }

    /// Sets every element to its input value: a function of `seed` and the element's coordinates.
    pub fn fill(&mut self, seed: u64) {
        let (type_, size, dims) = (self.type_, self.type_.bytes(), self.dims.clone());
        let row = row(&dims);
        let memory = self.memory_mut();
        for_each_row(&dims, |at, offset| {
            let row_hash = at.iter().fold(mix(seed), |hash, &coordinate| mix(hash ^ coordinate as u32 as u64));
            for i in 0..row.extent {
                let at = (offset + i as usize * row.stride as usize) * size;
                let hash = mix(row_hash ^ (row.min + i) as u32 as u64);
                write_value(type_, hash, &mut memory[at..at + size]);
            }
        });
    }

    /// Its elements in order of coordinates, the first dimension innermost.
    pub fn elements(&self) -> Vec<u8> {
        let (size, row, memory) = (self.type_.bytes(), row(&self.dims), self.memory());
        let mut elements = Vec::with_capacity(count(&self.dims) * size);
        for_each_row(&self.dims, |_, offset| {
            if row.stride == 1 {
                elements.extend_from_slice(&memory[offset * size..][..row.extent as usize * size]);
                return;
            }
            for i in 0..row.extent as usize {
                elements.extend_from_slice(&memory[(offset + i * row.stride as usize) * size..][..size]);
            }
        });
        elements
    }

    /// Sets its elements, in the order of [`Buffer::elements`]. False if their number is wrong.
    pub fn set_elements(&mut self, elements: &[u8]) -> bool {
        let (size, dims) = (self.type_.bytes(), self.dims.clone());
        if elements.len() != count(&dims) * size {
            return false;
        }
        let row = row(&dims);
        let mut source = elements.chunks_exact(size);
        let memory = self.memory_mut();
        for_each_row(&dims, |_, offset| {
            for i in 0..row.extent as usize {
                let at = (offset + i * row.stride as usize) * size;
                memory[at..at + size].copy_from_slice(source.next().expect("counted above"));
            }
        });
        true
    }
}

/// A `halide_buffer_t` with its dimensions.
pub struct Raw {
    dims: Vec<halide_dimension_t>,
    /// What the pipeline gets. Points into `dims`, whose heap memory stays where it is when `Raw` moves.
    pub buffer: halide_buffer_t,
}

impl Raw {
    /// A raw buffer over `host`; with a null `host` it asks for bounds.
    pub fn new(type_: Type, dims: &[Dim], host: *mut u8) -> Raw {
        let raw = |dim: &Dim| halide_dimension_t { min: dim.min, extent: dim.extent, stride: dim.stride, flags: 0 };
        let mut dims: Vec<_> = dims.iter().map(raw).collect();
        let code = match type_.code {
            Code::Int => 0,
            Code::UInt => 1,
            Code::Float => 2,
            Code::Handle => 3,
            Code::BFloat => 4,
        };
        let buffer = halide_buffer_t {
            host,
            type_: halide_type_t { code, bits: type_.bits, lanes: 1 },
            dimensions: dims.len() as i32,
            dim: dims.as_mut_ptr(),
            ..Default::default()
        };
        Raw { dims, buffer }
    }

    /// The dimensions, as the pipeline left them.
    pub fn dims(&self) -> Vec<Dim> {
        self.dims.iter().map(|dim| Dim { min: dim.min, extent: dim.extent, stride: dim.stride }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U16: Type = Type { code: Code::UInt, bits: 16 };

    fn dim(min: i32, extent: i32, stride: i32) -> Dim {
        Dim { min, extent, stride }
    }

    #[test]
    fn interleaved_layout_is_kept() {
        // x, y, c with c innermost, grown by one in x.
        let queried = [dim(0, 4, 3), dim(0, 2, 12), dim(0, 3, 1)];
        let dims = lay_out(&[[-1, 5], [0, 2], [0, 3]], &queried);
        assert_eq!(dims, [dim(-1, 5, 3), dim(0, 2, 15), dim(0, 3, 1)]);
    }

    #[test]
    fn regions_unite() {
        let required = [dim(-2, 5, 1), dim(5, 0, 1)];
        assert_eq!(union(&[[0, 10], [0, 10]], &required), [[-2, 12], [0, 10]]);
        assert_eq!(replace(&[[0, 10], [0, 10]], &required), [[-2, 5], [0, 10]]);
    }

    #[test]
    fn values_depend_on_coordinates_and_not_on_layout() {
        let mut planar = Buffer::new(U16, &[dim(0, 3, 1), dim(0, 2, 3)], 0);
        let mut transposed = Buffer::new(U16, &[dim(0, 3, 2), dim(0, 2, 1)], 0xff);
        planar.fill(7);
        transposed.fill(7);
        assert_eq!(planar.elements(), transposed.elements());
        let mut shifted = Buffer::new(U16, &[dim(1, 2, 1), dim(0, 2, 2)], 0);
        shifted.fill(7);
        assert_eq!(shifted.elements()[..4], planar.elements()[2..6]);
    }

    #[test]
    fn elements_round_trip() {
        let mut buffer = Buffer::new(U16, &[dim(0, 2, 3), dim(5, 3, 7)], 0);
        let elements: Vec<u8> = (0..12).collect();
        assert!(buffer.set_elements(&elements));
        assert_eq!(buffer.elements(), elements);
        assert!(!buffer.set_elements(&elements[1..]));
    }

    #[test]
    fn scalars_and_empty_buffers() {
        let mut scalar = Buffer::new(U16, &[], 0);
        assert!(scalar.set_elements(&[1, 2]));
        assert_eq!(scalar.elements(), [1, 2]);
        assert!(Buffer::new(U16, &[dim(0, 0, 1), dim(0, 5, 1)], 0).elements().is_empty());
    }
}
