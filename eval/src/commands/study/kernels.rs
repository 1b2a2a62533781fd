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
    /// Schedules of one Halide pipeline, on all threads.
    Schedules {
        /// Values of the first parameter, and schedules to time at each: fewer where they take long.
        sizes: &'static [(u32, usize)],
        /// Draws the parameters between the size and the threads; some draws are no schedules.
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
            Variant::new("eigen_dense", "eigen", Some("dense"), MM_EIGEN, &["d1", "d2"]),
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MM_EIGEN_SPARSE, &["threads"]),
            Variant::new("boost_dense", "boost", Some("dense"), MM_BOOST, &["d1", "d2", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MM_BOOST_SPARSE, &["threads"]),
            Variant::new("halide", "halide", None, MM_HALIDE, &["d1", "d2"]),
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
            Variant::new("boost_dense", "boost", Some("dense"), MV_BOOST, &["d", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MV_BOOST_SPARSE, &["threads"]),
            Variant::new("halide", "halide", None, MV_HALIDE, &["d"]),
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
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MC_EIGEN_SPARSE, &[]),
            Variant::new("boost_dense", "boost", Some("dense"), MC_BOOST, &["d", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MC_BOOST_SPARSE, &["threads"]),
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
            Variant::new("eigen_sparse", "eigen", Some("sparse"), MP_EIGEN_SPARSE, &[]),
            Variant::new("boost_dense", "boost", Some("dense"), MP_BOOST, &["d", "threads"]),
            Variant::new("boost_sparse", "boost", Some("sparse"), MP_BOOST_SPARSE, &["threads"]),
            Variant::new("halide", "halide", None, MP_HALIDE, &["d"]),
            Variant::new("cuda_global", "cuda", Some("global"), "ceil(m/s)*ceil(n/s)*r^2, m*n", &["d", "threads"]),
            Variant::new("cuda_shared", "cuda", Some("shared"), "ceil(m/s)*ceil(n/s)*r^2, m*n", &["d", "threads"]),
        ],
    },
    Kernel {
        name: "blur",
        parameters: &["n", "s1", "s2", "s3", "s4", "threads"],
        space: Space::Schedules {
            sizes: &[(1024, 1000), (2048, 1000), (4096, 1000), (8192, 1000), (16384, 400), (32768, 200)],
            draw: draw_blur,
        },
        variants: &[Variant::new("halide", "halide", None, BLUR, &[])],
    },
    Kernel {
        name: "fft",
        parameters: &["n", "s1", "s2", "s3", "s4", "s5", "s6", "threads"],
        space: Space::Schedules { sizes: &[(16, 1000), (32, 1000), (64, 1000), (128, 1000)], draw: draw_fft },
        variants: &[Variant::new("halide", "halide", None, FFT, &[])],
    },
];

/// Eigen's product: operations, shared by the threads that have at least 50000 each; what is left of vectors of 16 columns
/// and blocks of 4 rows; each operand and the result once.
const MM_EIGEN: &str = "m*n*k/max(1, min(threads, floor(m*n*k/50000))), \
                   m*n*(k-16*floor(k/16)), n*k*(m-4*floor(m/4)), m*k, m*n, n*k";
/// Every nonzero of A with a row of B; the nonzeros of the operands and of the result, whose entries are nonzero with the
/// probability 1-(1-d1*d2)^n, once and with every column where they are transposed to be sorted; rows and columns.
const MM_EIGEN_SPARSE: &str = "m*n*k*d1*d2, m*n*d1, n*k*d2, m*k*(1-(1-d1*d2)^n), 1*m, 1*k, 1*n";
/// Rows of B in vectors of 8, and what is left of them.
const MM_BOOST: &str = "m*n*floor(k/8), m*n*(k-8*floor(k/8)), m*n, m*k";
/// As Eigen's, but each row of the result is searched for its nonzeros, most tediously where half of it is.
const MM_BOOST_SPARSE: &str =
    "m*n*k*d1*d2, m*n*d1, m*k*(1-(1-d1*d2)^n), m*k*(1-d1*d2)^n*(1-(1-d1*d2)^n), m*k, 1*m, 1*k";
/// Tiles of 6 x 64 of the result, a column of tiles a task.
const MM_HALIDE: &str = "ceil(ceil(k/64)/threads)*ceil(m/6)*n, ceil(k/64)*ceil(m/6)*n, m*n*k, m*k, m*n, n*k";
/// Vectors of 16 columns and what is left of them; a thread gets at least 50000 operations.
const MV_EIGEN: &str = "m*floor(n/16)/max(1, min(threads, floor(m*n/50000))), \
                   m*(n-16*floor(n/16)), m*n, 1*m, 1*n";
/// Several threads from 20000 nonzeros; rows that have any.
const MV_EIGEN_SPARSE: &str = "m*n*d/max(1, min(threads, floor(m*n*d/20000))), m*n*d, m*(1-(1-d)^n), 1*m, 1*n";
const MV_BOOST: &str = "m*n, m*(n-8*floor(n/8)), 1*m, 1*n";
const MV_BOOST_SPARSE: &str = "m*n*d, m*(1-(1-d)^n), 1*m, 1*n";
/// 8 rows a vector, 256 a task.
const MV_HALIDE: &str = "min(ceil(m/8), 32*ceil(ceil(m/256)/threads))*n, ceil(m/8)*n, m*n, 1*m, 1*n";
/// Rows of the result in vectors of 8, and what is left of them; a thread gets at least 50000 operations.
const MC_EIGEN: &str = "(m-r+1)*r^2*floor((n-r+1)/8)/max(1, min(threads, floor(m*n*r^2/50000))), \
                   (m-r+1)*r^2*(n-r+1-8*floor((n-r+1)/8)), (m-r+1)*(n-r+1)*r^2, (m-r+1)*r^2, (m-r+1)*(n-r+1), m-r+1";
/// Each nonzero goes to r^2 results.
const MC_EIGEN_SPARSE: &str = "m*n*d*r^2/max(1, min(threads, floor(m*n*d*r^2/50000))), m*n*d*r^2, m*n*d*r, \
                               (m-r+1)*(n-r+1), (m-r+1)*r, 1*m";
/// Rows of the result in vectors of 8, and what is left of them.
const MC_BOOST: &str =
    "(m-r+1)*r^2*floor((n-r+1)/8), (m-r+1)*r^2*(n-r+1-8*floor((n-r+1)/8)), (m-r+1)*r^2, (m-r+1)*(n-r+1), m-r+1";
const MC_BOOST_SPARSE: &str = "m*n*d*r^2, m*n*d, (m-r+1)*(n-r+1), 1*m, 1*n";
/// Tiles of 6 x 64 of the result, 5 rows of tiles a task.
const MC_HALIDE: &str = "min(ceil((m-r+1)/6), 5*ceil(ceil((m-r+1)/30)/threads))*ceil((n-r+1)/64)*r^2, \
                         min(ceil((m-r+1)/6), 5*ceil(ceil((m-r+1)/30)/threads))*ceil((n-r+1)/64), \
                         (m-r+1)*(n-r+1)*r^2, (m-r+1)*(n-r+1), ceil((m-r+1)/30)";
/// A thread gets at least 50000 operations; windows side by side fill vectors where the stride is 1.
const MP_EIGEN: &str = "(2-s)*m*n*r^2/max(1, min(threads, floor(m*n*r^2/s^2/50000))), \
                        (s-1)*m*n*r^2/max(1, min(threads, floor(m*n*r^2/s^2/50000))), \
                        ceil(m/s)*ceil(n/s)*r^2, ceil(m/s)*ceil(n/s), ceil(m/s)*r^2";
/// Each nonzero goes to about (r/s)^2 results.
const MP_EIGEN_SPARSE: &str =
    "m*n*d*(r/s)^2/max(1, min(threads, floor(m*n*d*r^2/s^2/50000))), m*n*d*(r/s)^2, m*n*d*r/s, \
                               ceil(m/s)*ceil(n/s), ceil(m/s)*r, 1*m";
const MP_BOOST: &str = "ceil(m/s)*ceil(n/s)*r^2, ceil(m/s)*ceil(n/s), ceil(m/s), m*n";
const MP_BOOST_SPARSE: &str = "m*n*d*(r/s)^2, m*n*d, ceil(m/s)*ceil(n/s), 1*m, 1*n";
/// Vectors of 16 results, 48 rows a task.
const MP_HALIDE: &str = "(2-s)*min(ceil(m/s), 48*ceil(ceil(m/s/48)/threads))*ceil(n/s/16)*r^2, \
                         (s-1)*min(ceil(m/s), 48*ceil(ceil(m/s/48)/threads))*ceil(n/s/16)*r^2, \
                         min(ceil(m/s), 48*ceil(ceil(m/s/48)/threads))*ceil(n/s/16), ceil(m/s)*ceil(n/s)*r^2, m*n, ceil(m/s/48)";
/// Tiles of s2 x s3 points, in each of which blur_x is computed in vectors of s1 lanes for two rows more, and blur_y in
/// vectors of s4; a register holds 32 lanes of the widest machines. Beyond them: lines of 32 pixels that a tile reads, and
/// images beyond 4 Mi points, which do not fit into most caches.
const BLUR: &str = "n^2, n^2/(s2*s3), n/s3, \
                    n^2/(s2*s3)*(s3+2)*ceil(s2/s1), n^2/(s2*s3)*(s3+2)*ceil(s2/s1)*ceil(s1/32), \
                    n^2/s4, n^2/s4*ceil(s4/32), n^2/(s2*s3)*(s3+2)*ceil((s2+34)/32), max(0, n^2-4194304)";
/// Tasks of s6 images, blocks of s5 images and panels of s4 columns; ceil(log2(n)/log2(s2)) stages a pass, in vectors of s1
/// lanes, of which a register holds 16 on the widest machines. Stages of panels beyond 32 KiB and transpositions of blocks
/// beyond 1 MiB take longer.
const FFT: &str = "ceil(262144/n^2/s6/threads)*s6*n^2*log2(n), \
                   ceil(262144/n^2/s6/threads)*s6*n^2*ceil(log2(n)/log2(s2)), \
                   ceil(262144/n^2/s6/threads)*s6*n^2*ceil(log2(n)/log2(s2))/s1, \
                   ceil(262144/n^2/s6/threads)*s6*n^2*ceil(log2(n)/log2(s2))/s1*ceil(s1/16), \
                   ceil(262144/n^2/s6/threads)*s6*n^2*ceil(log2(n)/log2(s2))/(s1*s3), \
                   ceil(262144/n^2/s6/threads)*s6*n^2*ceil(log2(n)/log2(s2))*min(1, floor(n*s4/4096)), \
                   ceil(262144/n^2/s6/threads)*s6*n^2*min(1, floor(n^2*s5/262144)), \
                   ceil(262144/n^2/s6/threads)*s6*n/s4, ceil(262144/n^2/s6/threads)*s6/s5, 262144/n^2/s6";
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
