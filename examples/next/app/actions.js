"use server";
import { redirect } from "next/navigation";
import { web } from "../sessions.js";

export const add = web.action(async (session, form) => {
  await session.update("cart", (cart = []) => [...cart, String(form.get("thing"))]);
  redirect("/"); // it throws; what was written is committed, and the cookie set, before Next.js goes on
});

export const logIn = web.action(async (session, form) => {
  await session.authenticate(String(form.get("user")), { methods: ["pwd"], keep: ["cart"] }); // you checked the password
  redirect("/");
});

export const logOut = web.action(async (session) => {
  await session.end();
  redirect("/");
});
