//! Where to write names in a plot of points.

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Space that a point takes to each side of its centre.
const POINT: f64 = 5.0;
/// Height of a name.
const HEIGHT: f64 = 12.0;
/// Width of one letter of a name.
const LETTER: f64 = 6.7;

impl Area {
    fn around((x, y): (f64, f64)) -> Self {
        Self { x: x - POINT, y: y - POINT, width: 2.0 * POINT, height: 2.0 * POINT }
    }

    fn overlaps(&self, other: &Area) -> bool {
        let apart_across = self.x + self.width < other.x || other.x + other.width < self.x;
        let apart_down = self.y + self.height < other.y || other.y + other.height < self.y;
        !(apart_across || apart_down)
    }

    fn is_inside(&self, frame: &Area) -> bool {
        let across = self.x >= frame.x && self.x + self.width <= frame.x + frame.width;
        across && self.y >= frame.y && self.y + self.height <= frame.y + frame.height
    }

    /// Whether the diagonal of `frame`, from its lower left to its upper right, passes through.
    fn is_on_diagonal(&self, frame: &Area) -> bool {
        let height_at = |x: f64| frame.y + frame.height * (1.0 - (x - frame.x) / frame.width);
        height_at(self.x) >= self.y && height_at(self.x + self.width) <= self.y + self.height
    }
}

/// Finds a place for the name of each of `points` (name and centre), in their order: beside the point, inside `frame`,
/// covering no point and no other name, off the frame's diagonal if it can be.
///
/// A name that several points share is written once. `None` where it is, or where nothing is free.
pub(super) fn place(points: &[(&str, (f64, f64))], frame: &Area) -> Vec<Option<Area>> {
    let mut taken: Vec<Area> = points.iter().map(|(_, centre)| Area::around(*centre)).collect();
    let mut written: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for (name, centre) in points {
        let is_free = |area: &Area| area.is_inside(frame) && !taken.iter().any(|other| area.overlaps(other));
        let free: Vec<Area> = candidates(name, *centre).into_iter().filter(is_free).collect();
        let off_diagonal = free.iter().find(|area| !area.is_on_diagonal(frame));
        let place = off_diagonal.or(free.first()).copied().filter(|_| !written.contains(name));
        if let Some(area) = place {
            taken.push(area);
            written.push(name);
        }
        places.push(place);
    }
    places
}

/// The eight places around a point, the best first.
fn candidates(name: &str, (x, y): (f64, f64)) -> [Area; 8] {
    let width = name.chars().count() as f64 * LETTER;
    let (right, left, centred) = (x + POINT + 4.0, x - POINT - 4.0 - width, x - width / 2.0);
    let (beside, above, below) = (y - HEIGHT / 2.0, y - POINT - 3.0 - HEIGHT, y + POINT + 3.0);
    let corner = 3.0;
    let corners = [
        (right - corner, above + corner),
        (right - corner, below - corner),
        (left + corner, above + corner),
        (left + corner, below - corner),
    ];
    let sides = [(right, beside), (left, beside), (centred, above), (centred, below)];
    let [a, b, c, d] = sides;
    let [e, f, g, h] = corners;
    [a, b, c, d, e, f, g, h].map(|(x, y)| Area { x, y, width, height: HEIGHT })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area { x: 0.0, y: 0.0, width: 400.0, height: 400.0 };

    #[test]
    fn names_cover_neither_points_nor_each_other() {
        let points: Vec<(String, (f64, f64))> = (0..30)
            .map(|i| (format!("pipeline{i}"), (20.0 + 12.0 * f64::from(i), 20.0 + f64::from(i * 97 % 360))))
            .collect();
        let points: Vec<(&str, (f64, f64))> = points.iter().map(|(name, centre)| (name.as_str(), *centre)).collect();
        let places: Vec<Area> = place(&points, &FRAME).into_iter().flatten().collect();
        assert!(places.len() > 15, "most names find room");
        for (index, area) in places.iter().enumerate() {
            assert!(area.is_inside(&FRAME));
            assert!(points.iter().all(|(_, centre)| !area.overlaps(&Area::around(*centre))));
            assert!(places[..index].iter().all(|other| !area.overlaps(other)));
        }
    }

    #[test]
    fn a_shared_name_is_written_once_and_the_diagonal_avoided() {
        let places = place(&[("a", (100.0, 100.0)), ("a", (300.0, 100.0)), ("bb", (200.0, 200.0))], &FRAME);
        assert!(places[0].is_some() && places[1].is_none());
        assert!(!places[2].unwrap().is_on_diagonal(&FRAME));
    }
}
