// A JSON writer just large enough for hs_extract().
#ifndef HALIDE_SYS_JSON_H
#define HALIDE_SYS_JSON_H

#include <cstdint>
#include <cstdio>
#include <string>

class Json {
    std::string text;
    bool needs_comma = false;

    void separate() {
        if (needs_comma) {
            text += ',';
        }
        needs_comma = true;
    }

    void open(char bracket) {
        separate();
        text += bracket;
        needs_comma = false;
    }

    void close(char bracket) {
        text += bracket;
        needs_comma = true;
    }

    void quote(const std::string &s) {
        text += '"';
        for (unsigned char c : s) {
            if (c == '"' || c == '\\') {
                text += '\\';
                text += (char)c;
            } else if (c < 0x20) {
                char buf[8];
                snprintf(buf, sizeof(buf), "\\u%04x", c);
                text += buf;
            } else {
                text += (char)c;
            }
        }
        text += '"';
    }

public:
    /// Writes the key of the next value; only inside an object.
    Json &key(const std::string &k) {
        separate();
        quote(k);
        text += ':';
        needs_comma = false;
        return *this;
    }

    template<typename Body>
    void object(Body body) {
        open('{');
        body();
        close('}');
    }

    template<typename Body>
    void array(Body body) {
        open('[');
        body();
        close(']');
    }

    template<typename Range, typename Body>
    void array(const Range &range, Body body) {
        array([&] {
            for (const auto &item : range) {
                body(item);
            }
        });
    }

    void value(const std::string &s) {
        separate();
        quote(s);
    }

    void value(const char *s) {
        value(std::string(s));
    }

    void value(bool b) {
        separate();
        text += b ? "true" : "false";
    }

    void value(int64_t i) {
        separate();
        text += std::to_string(i);
    }

    void value(int i) {
        value((int64_t)i);
    }

    void value(size_t i) {
        value((int64_t)i);
    }

    void value(double d) {
        char buf[32];
        snprintf(buf, sizeof(buf), "%.17g", d);
        separate();
        text += buf;
    }

    void null() {
        separate();
        text += "null";
    }

    std::string take() {
        return std::move(text);
    }
};

#endif
