#include "estimates.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <optional>
#include <sstream>

using namespace Halide;
using namespace Halide::Internal;

namespace {

/// "image.extent.0" taken apart.
struct BufferField {
    enum Kind { Min,
                Extent,
                Stride,
                Other } kind = Other;
    int dim = 0;

    explicit BufferField(const std::string &name) {
        const size_t last = name.rfind('.');
        const size_t before = last == std::string::npos || last == 0 ? std::string::npos : name.rfind('.', last - 1);
        if (before == std::string::npos || name.find_first_not_of("0123456789", last + 1) != std::string::npos) {
            return;
        }
        const std::string field = name.substr(before + 1, last - before - 1);
        kind = field == "min" ? Min : field == "extent" ? Extent :
                                  field == "stride"     ? Stride :
                                                          Other;
        dim = std::stoi(name.substr(last + 1));
    }
};

class Substitute : public IRGraphMutator {
    using IRGraphMutator::visit;

    static Expr buffer_field(const BufferField &field, const Parameter &param) {
        if (field.dim >= param.dimensions()) {
            return Expr();
        }
        switch (field.kind) {
        case BufferField::Min:
            return expected_min(param, field.dim);
        case BufferField::Extent:
            return expected_extent(param, field.dim);
        case BufferField::Stride:
            return param.stride_constraint(field.dim);
        case BufferField::Other:
            break;
        }
        return Expr();
    }

    static Expr image_field(const BufferField &field, const Buffer<> &image) {
        if (field.dim >= image.dimensions()) {
            return Expr();
        }
        switch (field.kind) {
        case BufferField::Min:
            return image.dim(field.dim).min();
        case BufferField::Extent:
            return image.dim(field.dim).extent();
        case BufferField::Stride:
            return image.dim(field.dim).stride();
        case BufferField::Other:
            break;
        }
        return Expr();
    }

    Expr visit(const Variable *v) override {
        Expr value;
        if (v->param.defined() && v->param.is_buffer()) {
            value = buffer_field(BufferField(v->name), v->param);
        } else if (v->param.defined()) {
            value = v->param.estimate();
        } else if (v->image.defined()) {
            value = image_field(BufferField(v->name), v->image);
        }
        return value.defined() ? cast(v->type, value) : Expr(v);
    }
};

class FindInput : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    void visit(const Variable *v) override {
        found |= v->param.defined() || v->image.defined();
    }

public:
    bool found = false;
};

/// A constraint that is a number is a fact, and holds whatever the estimate is.
Expr expected(const Expr &constraint, const Expr &estimate) {
    const bool is_number = constraint.defined() && as_const_int(simplify(constraint));
    return is_number || !estimate.defined() ? constraint : estimate;
}

std::optional<double> as_number(const Expr &e) {
    const auto text = constant_text(e);
    return text ? std::optional<double>(std::stod(*text)) : std::nullopt;
}

}  // namespace

Expr expected_min(const Parameter &param, int dim) {
    return expected(param.min_constraint(dim), param.min_constraint_estimate(dim));
}

Expr expected_extent(const Parameter &param, int dim) {
    return expected(param.extent_constraint(dim), param.extent_constraint_estimate(dim));
}

std::optional<std::string> constant_text(const Expr &e) {
    const Expr known = e.defined() ? simplify(e) : Expr();
    std::ostringstream text;
    if (!known.defined()) {
        return std::nullopt;
    } else if (const auto i = as_const_int(known)) {
        text << *i;
    } else if (const auto u = as_const_uint(known)) {
        text << *u;
    } else if (const auto f = as_const_float(known)) {
        // Digits that tell all doubles apart.
        text << std::setprecision(17) << *f;
    } else {
        return std::nullopt;
    }
    return text.str();
}

AssumedValue assume_value(const Parameter &scalar) {
    if (const auto value = as_number(scalar.default_value())) {
        return {*value, "its default"};
    }
    if (scalar.has_scalar_value()) {
        if (const auto value = as_number(scalar.scalar_expr())) {
            return {*value, "its value now"};
        }
    }
    const auto min = as_number(scalar.min_value()), max = as_number(scalar.max_value());
    if (min && max) {
        const double middle = (*min + *max) / 2;
        return {scalar.type().is_float() ? middle : std::floor(middle), "the middle of its range"};
    }
    return {std::min(std::max(1.0, min.value_or(1)), max.value_or(1)), "for want of anything better"};
}

Expr substitute_estimates(const Expr &e) {
    return Substitute().mutate(e);
}

bool mentions_inputs(const Expr &e) {
    FindInput find;
    e.accept(&find);
    return find.found;
}

std::string describe_assumption(const Parameter &scalar, const AssumedValue &assumed) {
    std::ostringstream text;
    text << "scalar input '" << scalar.name() << "' is taken as " << assumed.value << ", " << assumed.reason;
    return text.str();
}

std::string describe_parameter(const Variable *v) {
    const BufferField field(v->name);
    const char *what = field.kind == BufferField::Min ? "min" : field.kind == BufferField::Extent ? "extent" :
                                                                                                    "stride";
    return std::string("the ") + what + " of dimension " + std::to_string(field.dim) + " of buffer '" +
           v->param.name() + "'";
}
