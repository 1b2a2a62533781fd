//! The kernels of the study: their parameters and ranges (paper, section V), their variants and the complexity of each.

use predictor::Rng;

/// A kernel.
#[derive(Debug)]
pub struct Kernel {
    /// Name in tables and files.
    pub name: &'static str,
    /// Its parameters, in the order of the columns.
    pub parameters: &'static [&'static str],
    /// What instances of it are drawn from.
    pub space: Space,
    /// Ways to run it.
    pub variants: &'static [Variant],
}

/// What instances are drawn from.
#[derive(Debug)]
pub enum Space {
    /// Inputs: every variant is timed on the same ones, on a random number of threads up to the one given.
    Inputs(fn(&mut Rng, u64) -> Vec<f64>),
    /// Schedules of one Halide pipeline: each is timed at each size.
    Schedules {
        /// Values of the first parameter.
        sizes: &'static [u32],
        /// Draws the other parameters for a size; some draws are no schedules.
        draw: fn(&mut Rng, f64) -> Option<Vec<f64>>,
    },
}

/// A way to run a kernel.
#[derive(Debug)]
pub struct Variant {
    /// Name in tables and files.
    pub name: &'static str,
    /// The program after the kernel's name, as in `mm_eigen`.
    pub program: &'static str,
    /// What the program is started with.
    pub argument: Option<&'static str>,
    /// The terms of its complexity, as `nnc predict --complexity` takes them. `1*m` is a term beside the parameter m; a
    /// lone `m` would take its place.
    pub complexity: &'static str,
    /// Parameters that make no difference to it.
    pub ignores: &'static [&'static str],
}

impl Variant {
    const fn new(
        name: &'static str,
        program: &'static str,
        argument: Option<&'static str>,
        complexity: &'static str,
        ignores: &'static [&'static str],
    ) -> Variant {
        Variant { name, program, argument, complexity, ignores }
    }

    /// Whether it needs a GPU.
    pub fn needs_gpu(&self) -> bool {
        self.program == "cuda"
    }
}

/// All kernels.
pub const KERNELS: [Kernel; 6] = [
    Kernel {
        name: "mm",
        parameters: &["m", "n", "k", "d1", "d2", "threads"],
        space: Space::Inputs(draw_mm),
        variants: &[
            Variant::new("eigen_dense", "eigen", Some("dense"), MM_BLOCKED, &["d1", "d2"]),
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MM_SPARSE, &["threads"]),
            Variant::new("boost_dense", "boost", Some("dense"), "m*n*k, m*k, m*n, n*k", &["d1", "d2", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MM_SPARSE, &["threads"]),
            Variant::new("halide", "halide", None, MM_BLOCKED, &["d1", "d2"]),
            Variant::new("cuda_global", "cuda", Some("global"), "m*n*k, m*k", &["d1", "d2", "threads"]),
            Variant::new("cuda_shared", "cuda", Some("shared"), "m*n*k, m*k", &["d1", "d2", "threads"]),
        ],
    },
    Kernel {
        name: "mv",
        parameters: &["m", "n", "d", "threads"],
        space: Space::Inputs(draw_mv),
        variants: &[
            Variant::new("eigen_dense", "eigen", Some("dense"), MV_EIGEN, &["d"]),
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MV_EIGEN_SPARSE, &[]),
            Variant::new("boost_dense", "boost", Some("dense"), "m*n, 1*m, 1*n", &["d", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), "m*n*d, 1*m, 1*n", &["threads"]),
            Variant::new("halide", "halide", None, "m*n/threads, m*n, 1*m, 1*n", &["d"]),
            Variant::new("cuda_global", "cuda", Some("global"), "m*n, 1*m", &["d", "threads"]),
            Variant::new("cuda_shared", "cuda", Some("shared"), "m*n, 1*m", &["d", "threads"]),
        ],
    },
    Kernel {
        name: "mc",
        parameters: &["m", "n", "r", "d", "threads"],
        space: Space::Inputs(draw_mc),
        variants: &[
            Variant::new("eigen_dense", "eigen", Some("dense"), MC_EIGEN, &["d"]),
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MC_SPARSE, &["threads"]),
            Variant::new("boost_dense", "boost", Some("dense"), MC_SERIAL, &["d", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MC_SPARSE, &["threads"]),
            Variant::new("halide", "halide", None, MC_HALIDE, &["d"]),
            Variant::new("cuda_global", "cuda", Some("global"), "(m-r+1)*(n-r+1)*r^2, m*n", &["d", "threads"]),
            Variant::new("cuda_shared", "cuda", Some("shared"), "(m-r+1)*(n-r+1)*r^2, m*n", &["d", "threads"]),
        ],
    },
    Kernel {
        name: "mp",
        parameters: &["m", "n", "r", "s", "d", "threads"],
        space: Space::Inputs(draw_mp),
        variants: &[
            Variant::new("eigen_dense", "eigen", Some("dense"), MP_EIGEN, &["d"]),
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MP_SPARSE, &["threads"]),
            Variant::new("boost_dense", "boost", Some("dense"), MP_SERIAL, &["d", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MP_SPARSE, &["threads"]),
            Variant::new("halide", "halide", None, MP_HALIDE, &["d"]),
            Variant::new("cuda_global", "cuda", Some("global"), "ceil(m/s)*ceil(n/s)*r^2, m*n", &["d", "threads"]),
            Variant::new("cuda_shared", "cuda", Some("shared"), "ceil(m/s)*ceil(n/s)*r^2, m*n", &["d", "threads"]),
        ],
    },
    Kernel {
        name: "blur",
        parameters: &["n", "s1", "s2", "s3", "s4"],
        space: Space::Schedules { sizes: &[1024, 2048, 4096, 8192, 16384, 32768], draw: draw_blur },
        variants: &[Variant::new("halide", "halide", None, BLUR, &[])],
    },
    Kernel {
        name: "fft",
        parameters: &["n", "s1", "s2", "s3", "s4", "s5", "s6"],
        space: Space::Schedules { sizes: &[16, 32, 64, 128], draw: draw_fft },
        variants: &[Variant::new("halide", "halide", None, FFT, &[])],
    },
];

/// Operations, shared by the threads or not; operands and result once.
const MM_BLOCKED: &str = "m*n*k/threads, m*n*k, m*k, m*n, n*k";
/// Operations on nonzeros; the compressed operands; rows and columns; the nonzeros of the result, of which there are at
/// most m k.
const MM_SPARSE: &str = "m*n*k*d1*d2, m*n*d1, n*k*d2, m*k*min(1, n*d1*d2), 1*m, 1*n, 1*k";
/// A thread gets at least 50000 operations.
const MV_EIGEN: &str = "m*n/max(1, min(threads, m*n/50000)), m*n, 1*m, 1*n";
/// Several threads from 20000 nonzeros.
const MV_EIGEN_SPARSE: &str = "m*n*d/max(1, min(threads, m*n*d/20000)), m*n*d, 1*m, 1*n";
/// On one thread.
const MC_SERIAL: &str = "(m-r+1)*(n-r+1)*r^2, (m-r+1)*(n-r+1), m-r+1";
/// A thread gets at least 50000 operations.
const MC_EIGEN: &str = "(m-r+1)*(n-r+1)*r^2/max(1, min(threads, (m-r+1)*(n-r+1)*r^2/50000)), \
                        (m-r+1)*(n-r+1)*r^2, (m-r+1)*(n-r+1), m-r+1";
const MC_HALIDE: &str = "(m-r+1)*(n-r+1)*r^2/threads, (m-r+1)*(n-r+1)*r^2, (m-r+1)*(n-r+1), m-r+1";
/// Each nonzero goes to r^2 results.
const MC_SPARSE: &str = "m*n*d*r^2, m*n*d, (m-r+1)*(n-r+1), 1*m, 1*n";
const MP_SERIAL: &str = "ceil(m/s)*ceil(n/s)*r^2, ceil(m/s)*ceil(n/s), ceil(m/s), m*n";
const MP_EIGEN: &str = "ceil(m/s)*ceil(n/s)*r^2/max(1, min(threads, ceil(m/s)*ceil(n/s)*r^2/50000)), \
                        ceil(m/s)*ceil(n/s)*r^2, ceil(m/s)*ceil(n/s), ceil(m/s), m*n";
const MP_HALIDE: &str = "ceil(m/s)*ceil(n/s)*r^2/threads, ceil(m/s)*ceil(n/s)*r^2, ceil(m/s)*ceil(n/s), ceil(m/s), m*n";
/// Each nonzero goes to about (r/s)^2 results.
const MP_SPARSE: &str = "m*n*d*(r/s)^2, m*n*d, ceil(m/s)*ceil(n/s), 1*m, 1*n";
const BLUR: &str = "n^2";
const FFT: &str = "log2(n)";
/// Points of a batch of FFTs of any size.
const FFT_POINTS: f64 = 262_144.0;

/// 1 to `most`.
fn up_to(rng: &mut Rng, most: u64) -> f64 {
    (1 + rng.below(most as usize)) as f64
}

/// `least` to 1024.
fn size_from(rng: &mut Rng, least: f64) -> f64 {
    least + rng.below(1025 - least as usize) as f64
}

/// A density for a matrix of so many elements: 1, 1/2, 1/4, ... down to a single nonzero.
fn density(rng: &mut Rng, elements: f64) -> f64 {
    0.5f64.powi(rng.below(elements.log2() as usize + 1) as i32)
}

/// 2 to the power of `least` to `most`.
fn power(rng: &mut Rng, least: u32, most: u32) -> f64 {
    f64::from(1u32 << (least as usize + rng.below((most - least + 1) as usize)))
}

fn draw_mm(rng: &mut Rng, threads: u64) -> Vec<f64> {
    let [m, n, k] = [(); 3].map(|()| size_from(rng, 1.0));
    vec![m, n, k, density(rng, m * n), density(rng, n * k), up_to(rng, threads)]
}

fn draw_mv(rng: &mut Rng, threads: u64) -> Vec<f64> {
    let [m, n] = [(); 2].map(|()| size_from(rng, 1.0));
    vec![m, n, density(rng, m * n), up_to(rng, threads)]
}

fn draw_mc(rng: &mut Rng, threads: u64) -> Vec<f64> {
    let r = (3 + 2 * rng.below(3)) as f64;
    let [m, n] = [(); 2].map(|()| size_from(rng, r));
    vec![m, n, r, density(rng, m * n), up_to(rng, threads)]
}

fn draw_mp(rng: &mut Rng, threads: u64) -> Vec<f64> {
    let (r, s) = ((2 + rng.below(4)) as f64, up_to(rng, 2));
    let [m, n] = [(); 2].map(|()| size_from(rng, r));
    vec![m, n, r, s, density(rng, m * n), up_to(rng, threads)]
}

fn draw_blur(rng: &mut Rng, _size: f64) -> Option<Vec<f64>> {
    let [s1, s2, s3, s4] = [(); 4].map(|()| power(rng, 1, 10));
    (s3 <= s2 && s4 <= s3).then(|| vec![s1, s2, s3, s4])
}

/// As the program's head comment says.
fn draw_fft(rng: &mut Rng, n: f64) -> Option<Vec<f64>> {
    let images = FFT_POINTS / (n * n);
    let [s1, s2, s3] = [power(rng, 1, 5), power(rng, 1, 3), power(rng, 0, 2)];
    let [s4, s5, s6] = [power(rng, 1, 7), power(rng, 0, 10), power(rng, 0, 10)];
    let fits = s1 * s3 <= s4 && s4 <= n && s5 <= s6 && s6 <= images;
    fits.then(|| vec![s1, s2, s3, s4, s5, s6])
}
