#include "estimates.h"

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

class Substitute : public IRMutator {
    using IRMutator::visit;

    static Expr buffer_field(const BufferField &field, const Parameter &param) {
        if (field.dim >= param.dimensions()) {
            return Expr();
        }
        switch (field.kind) {
        case BufferField::Min: {
            const Expr estimate = param.min_constraint_estimate(field.dim);
            return estimate.defined() ? estimate : param.min_constraint(field.dim);
        }
        case BufferField::Extent: {
            const Expr estimate = param.extent_constraint_estimate(field.dim);
            return estimate.defined() ? estimate : param.extent_constraint(field.dim);
        }
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

}  // namespace

Expr substitute_estimates(const Expr &e) {
    return Substitute().mutate(e);
}

std::string describe_parameter(const Variable *v) {
    if (!v->param.is_buffer()) {
        return "scalar input '" + v->param.name() + "'";
    }
    const BufferField field(v->name);
    const char *what = field.kind == BufferField::Min ? "min" : field.kind == BufferField::Extent ? "extent" :
                                                                                                    "stride";
    return std::string("the ") + what + " of dimension " + std::to_string(field.dim) + " of buffer '" +
           v->param.name() + "'";
}
