/** The scatter's two shaders. */

export const VERTEX_SHADER = `#version 300 es
layout(location = 0) in vec2 a_from;
layout(location = 1) in vec2 a_to;
layout(location = 2) in uvec4 a_style; // red, green, blue, shape + flags
uniform vec4 u_view; // lower left corner, then clip units per data unit
uniform float u_t;
uniform float u_size;
uniform int u_layer; // 0 all, 1 outside the selection, 2 inside
flat out vec3 v_colour;
flat out uint v_shape;

void main() {
  bool selected = (a_style.w & 16u) != 0u;
  bool drawn = (a_style.w & 8u) != 0u && (u_layer == 0 || (u_layer == 2) == selected);
  vec2 position = mix(a_from, a_to, u_t);
  gl_Position = drawn ? vec4((position - u_view.xy) * u_view.zw - 1.0, 0.0, 1.0)
                      : vec4(2.0, 2.0, 2.0, 1.0); // clipped away
  gl_PointSize = u_size + 2.0; // a pixel on each side to fade out in
  v_colour = vec3(a_style.rgb) / 255.0;
  v_shape = a_style.w & 7u;
}
`;

export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
uniform float u_size;
uniform float u_edge; // brightness of the rim
uniform float u_fade;
flat in vec3 v_colour;
flat in uint v_shape;
out vec4 colour;

// Signed distance to the marker's rim in units of its radius; areas look equal.
float rim(vec2 p) {
  vec2 q = abs(p);
  switch (v_shape) {
    case 1u: return max(q.x, q.y) - 0.84;
    case 2u: {
      vec2 r = vec2(q.x, p.y + 0.14);
      return max(r.x * 0.866 + r.y * 0.5, -r.y) - 0.62;
    }
    case 3u: return (q.x + q.y) * 0.7071 - 0.76;
    case 4u: return max(min(q.x, q.y) - 0.36, max(q.x, q.y) - 1.0);
    default: return length(p) - 0.93;
  }
}

void main() {
  float radius = u_size * 0.5;
  vec2 p = (gl_PointCoord * 2.0 - 1.0) * (radius + 1.0) / radius;
  float d = rim(vec2(p.x, -p.y)) * radius; // in pixels
  float inside = clamp(0.5 - d, 0.0, 1.0);
  // Small markers have no room for a rim.
  float width = clamp(radius * 0.26, 0.0, 1.3) * step(2.0, radius);
  float border = clamp(d + width + 0.5, 0.0, 1.0) * step(0.01, width);
  float alpha = inside * u_fade;
  if (alpha < 0.004) discard;
  colour = vec4(mix(v_colour, v_colour * u_edge, border) * alpha, alpha);
}
`;
